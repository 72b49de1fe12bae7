// siglab-test: outcomes = one
// ualarm(3), once and periodically.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    block(SIGALRM);
    sigset_t none = set_of(0, 0, 0);
    int64_t start = now_ms();
    say("before: %s\n", yes(ualarm(80000, 40000) != 0));
    while (caught < 3)
        sigsuspend(&none);
    elapsed("three times:", start, 160);
    say("before: %s\n", yes(ualarm(0, 0) != 0));
    sleep_ms(60);
    start = now_ms();
    ualarm(50000, 0);
    caught = 0;
    while (caught < 1)
        sigsuspend(&none);
    elapsed("once:", start, 50);
}
