// siglab-explore: clean
// siglab-explore: alone = exits 0
// One alarm(2); sigprocmask(2) keeps it pending until sigsuspend(2) waits for it.
#include "explore.h"

static volatile sig_atomic_t rang;

static void on_sigalrm(int number) {
    (void)number;
    rang = 1;
}

int main(void) {
    sigset_t before = block(SIGALRM);
    handle(SIGALRM, on_sigalrm, 0);
    alarm(1);
    while (!rang)
        sigsuspend(&before);
    alarm(0);
    set_mask(&before);
    say("it rang\n");
}
