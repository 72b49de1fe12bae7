// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
// A flag, and a read(2) that is supposed to be interrupted.
#include "explore.h"

static volatile sig_atomic_t stop;

static void on_sigint(int number) {
    (void)number;
    stop = 1;
}

int main(void) {
    int ends[2];
    char byte;
    MUST(pipe(ends));
    handle(SIGINT, on_sigint, 0);
    while (!stop)
        if (read(ends[0], &byte, 1) == -1 && errno != EINTR)
            return 2;
    say("stopped\n");
}
