// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// siglab-explore: sent SIGUSR2 = exits 0
// Both signals are blocked but for the wait, and either ends it.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen = 1;
}

int main(void) {
    sigset_t before;
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    MUST(sigprocmask(SIG_BLOCK, &both, &before));
    handle(SIGUSR1, on_signal, 0);
    handle(SIGUSR2, on_signal, 0);
    while (!seen)
        sigsuspend(&before);
    say("done\n");
    return 0;
}
