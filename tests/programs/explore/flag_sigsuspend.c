// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
// A flag of the one type that C promises something for, and sigsuspend(2) to wait.
#include "explore.h"

static volatile sig_atomic_t stop;

static void on_sigint(int number) {
    (void)number;
    stop = 1;
}

int main(void) {
    handle(SIGINT, on_sigint, 0);
    say("ready\n");
    sigset_t before = block(SIGINT);
    while (!stop)
        sigsuspend(&before);
    set_mask(&before);
    say("stopped\n");
}
