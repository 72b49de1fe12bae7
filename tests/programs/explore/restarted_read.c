// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = waits
// The loop relies on EINTR, but SA_RESTART makes the read go on: the flag is never looked at.
#include "explore.h"

static volatile sig_atomic_t stop;

static void on_sigterm(int number) {
    (void)number;
    stop = 1;
}

int main(void) {
    int ends[2];
    char byte;
    MUST(pipe(ends));
    handle(SIGTERM, on_sigterm, SA_RESTART);
    while (!stop)
        if (read(ends[0], &byte, 1) == -1)
            break;
    say("stopped\n");
}
