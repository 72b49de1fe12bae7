// siglab-explore: clean
// siglab-explore: alone = exits 0
// The handler relies on the value that the program's own timer sends: the signal comes from there,
// and not before the timer is there.
#include "explore.h"

static volatile sig_atomic_t rang;
static int count;

static void on_timer(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    *(volatile int *)info->si_value.sival_ptr += 1;
    rang = 1;
}

int main(void) {
    struct sigaction action = {0};
    action.sa_sigaction = on_timer;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGRTMIN, &action, NULL);
    struct sigevent event = {0};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN;
    event.sigev_value.sival_ptr = &count;
    timer_t timer;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    struct itimerspec setting = {0};
    setting.it_value.tv_sec = 1;
    setting.it_interval.tv_sec = 1;
    timer_settime(timer, 0, &setting, NULL);
    while (!rang)
        pause();
    return 0;
}
