// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGALRM = exits 0
// setitimer(2): at least three ticks, counted by the handler. main sleeps until then, with
// SIGALRM unblocked in sigsuspend only, and stops the timer.
#include "explore.h"

static volatile sig_atomic_t ticks;

static void on_sigalrm(int number) {
    (void)number;
    ticks++;
}

int main(void) {
    sigset_t before = block(SIGALRM);
    handle(SIGALRM, on_sigalrm, SA_RESTART);
    tick_every(1);
    while (ticks < 3)
        sigsuspend(&before);
    MUST(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
    say("three ticks or more\n");
}
