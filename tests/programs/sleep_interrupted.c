// siglab-test: outcomes = one
// sleep(3) and usleep(3) interrupted by a handler.
#include "observe.h"

static void on_alarm(int number) {
    (void)number;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(150);
    int64_t start = now_ms();
    say("sleep: %d left\n", (int)sleep(3));
    elapsed("it took", start, 150);
    alarm_in_ms(150);
    start = now_ms();
    SAY(usleep(3000000));
    elapsed("it took", start, 150);
    start = now_ms();
    SAY(usleep(100000));
    elapsed("it took", start, 100);
    say("sleep: %d left\n", (int)sleep(0));
}
