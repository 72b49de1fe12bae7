// siglab-test: outcomes = one
// ITIMER_VIRTUAL and ITIMER_PROF count processor time: they don't go off in a sleep.
#include "observe.h"

static volatile sig_atomic_t caught[2];

static void on_signal(int number) {
    caught[number == SIGPROF]++;
}

int main(void) {
    handle(SIGVTALRM, on_signal, 0);
    handle(SIGPROF, on_signal, 0);
    struct itimerval timer = {.it_value = timeval_of_ms(30)}, off = {0}, rest;
    SAY(setitimer(ITIMER_VIRTUAL, &timer, NULL));
    SAY(setitimer(ITIMER_PROF, &timer, NULL));
    sleep_ms(100);
    say("after a sleep: %d %d\n", (int)caught[0], (int)caught[1]);
    while (!caught[0] || !caught[1]) {
    }
    say("after work: %d %d\n", (int)caught[0], (int)caught[1]);
    MUST(getitimer(ITIMER_VIRTUAL, &rest));
    say("over: %s\n", yes(!timerisset(&rest.it_value)));
    MUST(setitimer(ITIMER_PROF, &off, &rest));
    say("over: %s\n", yes(!timerisset(&rest.it_value)));
}
