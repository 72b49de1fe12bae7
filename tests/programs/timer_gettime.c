// siglab-test: outcomes = one
// timer_gettime(2) and timer_settime(2): what is left, absolute times, what they refuse.
#include "observe.h"

int main(void) {
    block(SIGALRM);
    sigset_t set = set_of(SIGALRM, 0, 0);
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, NULL, &timer));
    struct itimerspec now, later = {.it_value = timespec_of_ms(5000), .it_interval = timespec_of_ms(700)};
    MUST(timer_gettime(timer, &now));
    left("disarmed:", ms_of_timespec(now.it_value), 0);
    MUST(timer_settime(timer, 0, &later, NULL));
    sleep_ms(100);
    MUST(timer_gettime(timer, &now));
    left("value", ms_of_timespec(now.it_value), 4900);
    left("interval", ms_of_timespec(now.it_interval), 700);

    struct itimerspec at = {.it_value = in_ms(CLOCK_MONOTONIC, 80)};
    int64_t start = now_ms();
    MUST(timer_settime(timer, TIMER_ABSTIME, &at, &now));
    left("value before", ms_of_timespec(now.it_value), 4900);
    say("%s\n", signal_name(sigwaitinfo(&set, NULL)));
    elapsed("after", start, 80);
    at.it_value = (struct timespec){.tv_nsec = 1};
    start = now_ms();
    MUST(timer_settime(timer, TIMER_ABSTIME, &at, NULL));
    say("past: %s\n", signal_name(sigwaitinfo(&set, NULL)));
    elapsed("after", start, 0);

    at.it_value = (struct timespec){.tv_nsec = 1000000000};
    SAY(timer_settime(timer, 0, &at, NULL));
    SAY(timer_settime(timer, 0, NULL, NULL));
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99};
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SAY(timer_create(77, NULL, &timer));
}
