// siglab-test: outcomes = one
// The default action of SIGALRM ends a process; a new alarm replaces the one before.
#include "observe.h"

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    int64_t start = now_ms();
    if (child == 0) {
        alarm(30);
        alarm_in_ms(150);
        for (;;)
            pause();
    }
    reap("child", child);
    elapsed("after", start, 150);
    alarm_in_ms(50);
    sleep_ms(3000);
    say("not reached\n");
}
