// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR2 = exits 0
// pselect(2) without descriptors: a wait for a signal that is blocked otherwise.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigusr2(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    sigset_t before = block(SIGUSR2);
    handle(SIGUSR2, on_sigusr2, SA_RESTART);
    while (!caught)
        if (pselect(0, NULL, NULL, NULL, NULL, &before) == -1 && errno != EINTR)
            return 2;
    set_mask(&before);
    say("caught\n");
}
