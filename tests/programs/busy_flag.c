// siglab-test: outcomes = one
// A program that spins on a flag, without any call, until a handler sets it.
#include "observe.h"

static volatile sig_atomic_t flag;

static void on_alarm(int number) {
    (void)number;
    flag = 1;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    int64_t start = now_ms();
    alarm_in_ms(50);
    while (!flag) {
    }
    say("set\n");
    flag = 0;
    alarm_in_ms(50);
    while (!flag)
        sched_yield();
    say("set\n");
    say("in time: %s\n", yes(now_ms() - start >= 95));
}
