// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// Blocked while it looks, but unblocked and waited for in two steps: a pending signal is
// delivered between them.
#include "explore.h"

static volatile sig_atomic_t woken;

static void on_sigusr1(int number) {
    (void)number;
    woken = 1;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    sigset_t before = block(SIGUSR1);
    while (!woken) {
        MUST(sigprocmask(SIG_SETMASK, &before, NULL));
        pause();
        block(SIGUSR1);
    }
    say("woken\n");
}
