// siglab-explore: clean
// siglab-explore: alone = spins
// siglab-explore: sent SIGUSR1 = exits 0
// Wasteful, and it ends all the same.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen = 1;
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    while (!seen)
        ;
    say("done\n");
    return 0;
}
