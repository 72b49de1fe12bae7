// siglab-test: outcomes = one
// Sleeps until a moment, of several clocks; a past one; an interruption leaves the rest
// alone.
#include "observe.h"

static void on_alarm(int number) {
    (void)number;
}

int main(void) {
    int64_t start = now_ms();
    const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI};
    for (int i = 0; i < 4; i++) {
        struct timespec until = in_ms(clocks[i], 40);
        say("%s\n", error_name(clock_nanosleep(clocks[i], TIMER_ABSTIME, &until, NULL)));
    }
    elapsed("four times 40 ms:", start, 160);
    start = now_ms();
    struct timespec past = {.tv_sec = 1};
    say("past: %s\n", error_name(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL)));
    elapsed("it took", start, 0);

    handle(SIGALRM, on_alarm, SA_RESTART);
    struct timespec rest = {.tv_sec = 7}, until = in_ms(CLOCK_MONOTONIC, 5000);
    alarm_in_ms(150);
    start = now_ms();
    say("interrupted: %s\n", error_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &rest)));
    elapsed("it took", start, 150);
    say("rest untouched: %s\n", yes(rest.tv_sec == 7));
    alarm_in_ms(150);
    until = timespec_of_ms(5000);
    say("relative: %s\n", error_name(clock_nanosleep(CLOCK_REALTIME, 0, &until, &rest)));
    left("rest", ms_of_timespec(rest), 4850);
}
