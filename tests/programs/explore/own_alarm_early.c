// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = exits 0
// A program's own alarm(2) may ring before it waits: nobody promises that it runs within a second.
#include "explore.h"

static void on_sigalrm(int number) {
    (void)number;
}

int main(void) {
    handle(SIGALRM, on_sigalrm, 0);
    alarm(1);
    pause();
    return 0;
}
