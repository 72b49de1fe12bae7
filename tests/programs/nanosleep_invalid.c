// siglab-test: outcomes = one
// What nanosleep(2) and clock_nanosleep(2) refuse, and sleeps of no length.
#include "observe.h"

int main(void) {
    int64_t start = now_ms();
    struct timespec rest = {.tv_sec = 7};
    SAY(nanosleep(&(struct timespec){.tv_nsec = 1000000000}, &rest));
    SAY(nanosleep(&(struct timespec){.tv_nsec = -1}, &rest));
    SAY(nanosleep(&(struct timespec){.tv_sec = -1}, &rest));
    SAY(syscall(SYS_nanosleep, NULL, &rest));
    SAY(syscall(SYS_nanosleep, (void *)16, &rest));
    SAY(nanosleep(&(struct timespec){0}, &rest));
    say("rest untouched: %s\n", yes(rest.tv_sec == 7));
    struct timespec moment = {.tv_nsec = 1};
    say("clock 77: %s\n", error_name(clock_nanosleep(77, 0, &moment, NULL)));
    say("thread's processor time: %s\n", error_name(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &moment, NULL)));
    moment.tv_nsec = 1000000000;
    say("malformed: %s\n", error_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL)));
    elapsed("it took", start, 0);
}
