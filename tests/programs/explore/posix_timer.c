// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGRTMIN+1 = exits 0
// timer_create(2) with a real-time signal. What comes from elsewhere isn't counted.
#include "explore.h"

static volatile sig_atomic_t expirations;

static void on_timer(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (info->si_code == SI_TIMER && info->si_value.sival_int == 7)
        expirations++;
}

int main(void) {
    sigset_t before = block(SIGRTMIN + 1);
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    MUST(sigaction(SIGRTMIN + 1, &action, NULL));
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGRTMIN + 1,
                             .sigev_value.sival_int = 7};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct timespec each = {.tv_nsec = 1000000};
    MUST(timer_settime(timer, 0, &(struct itimerspec){each, each}, NULL));
    while (expirations < 2)
        sigsuspend(&before);
    MUST(timer_delete(timer));
    say("the timer has expired twice\n");
}
