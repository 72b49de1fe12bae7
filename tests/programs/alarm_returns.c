// siglab-test: outcomes = one
// alarm(2) returns what was left of the alarm before, in whole seconds, and shares its
// timer with setitimer(2).
#include "observe.h"

int main(void) {
    signal(SIGALRM, SIG_IGN);
    say("none: %d\n", (int)alarm(10));
    say("10: %d\n", (int)alarm(5));
    sleep_ms(100);
    say("4.9, rounded: %d\n", (int)alarm(2));
    struct itimerval timer = {.it_value = timeval_of_ms(7200)}, before;
    MUST(setitimer(ITIMER_REAL, &timer, &before));
    left("of the alarm", ms_of_timeval(before.it_value), 2000);
    say("7.2, rounded: %d\n", (int)alarm(0));
    alarm_in_ms(100);
    say("less than a second is one: %d\n", (int)alarm(0));
    say("none: %d\n", (int)alarm(0));
    MUST(getitimer(ITIMER_REAL, &before));
    left("disarmed:", ms_of_timeval(before.it_value), 0);
}
