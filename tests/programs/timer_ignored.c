// siglab-test: outcomes = one
// Timers whose signal does nothing by default: blocked when it is sent, it is kept, taken, and its
// overruns are counted; from then on it is thrown away when it is sent (sig_ignored in
// kernel/signal.c).
#include "observe.h"
#include <time.h>

static timer_t periodic(int signal) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec often = {.it_value.tv_nsec = 100000000, .it_interval.tv_nsec = 100000000};
    MUST(timer_settime(timer, 0, &often, NULL));
    return timer;
}

int main(void) {
    int signals[] = {SIGCONT, SIGURG, SIGCHLD, SIGWINCH};
    for (int at = 0; at < 4; at++) {
        block(signals[at]);
        timer_t timer = periodic(signals[at]);
        sleep_ms(450);
        say("%s, before: %d\n", signal_name(signals[at]), timer_getoverrun(timer));
        unblock(signals[at]);
        say("%s, after: %d\n", signal_name(signals[at]), timer_getoverrun(timer));
        sleep_ms(300);
        say("%s, later: %d\n", signal_name(signals[at]), timer_getoverrun(timer));
        MUST(timer_delete(timer));
    }
}
