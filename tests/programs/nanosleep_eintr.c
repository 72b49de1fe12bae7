// siglab-test: outcomes = one
// A handler interrupts nanosleep(2), SA_RESTART or not, and the rest of the time is told.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

static void interrupted_sleep(int flags) {
    handle(SIGALRM, on_alarm, flags);
    alarm_in_ms(150);
    struct timespec rest = timespec_of_ms(0);
    int64_t start = now_ms();
    SAY(nanosleep(&(struct timespec){.tv_sec = 3}, &rest));
    elapsed("it took", start, 150);
    left("rest", ms_of_timespec(rest), 2850);
    say("caught %d\n", (int)caught);
}

int main(void) {
    interrupted_sleep(0);
    interrupted_sleep(SA_RESTART);
}
