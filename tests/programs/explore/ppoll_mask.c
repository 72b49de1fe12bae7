// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// ppoll(2) unblocks the signal for exactly as long as it waits.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigusr1(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    sigset_t before = block(SIGUSR1);
    handle(SIGUSR1, on_sigusr1, 0);
    int ends[2];
    MUST(pipe(ends));
    while (!caught) {
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        if (ppoll(&ready, 1, NULL, &before) == -1 && errno != EINTR)
            return 2;
    }
    say("caught\n");
}
