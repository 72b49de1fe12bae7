// siglab-test: outcomes = one
// Expirations while SIGALRM is blocked and pending are lost.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    block(SIGALRM);
    struct itimerval timer = {.it_value = timeval_of_ms(20), .it_interval = timeval_of_ms(20)}, off = {0};
    MUST(setitimer(ITIMER_REAL, &timer, NULL));
    sleep_ms(130);
    MUST(setitimer(ITIMER_REAL, &off, NULL));
    unblock(SIGALRM);
    say("caught %d\n", (int)caught);
    sleep_ms(60);
    say("caught %d\n", (int)caught);
}
