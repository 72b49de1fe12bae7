// siglab-test: outcomes = one
// Clocks that count processor time: they grow, and not in a sleep. The time-stamp counter
// grows. Clocks of the machine agree with each other.
#include "observe.h"

#include <sys/times.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

static int64_t ns_of(clockid_t clock) {
    struct timespec now;
    MUST(clock_gettime(clock, &now));
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(void) {
    int64_t process = ns_of(CLOCK_PROCESS_CPUTIME_ID), thread = ns_of(CLOCK_THREAD_CPUTIME_ID);
    clock_t before = clock();
    struct tms times_then, times_now;
    clock_t ticks = times(&times_then);
#ifdef __x86_64__
    unsigned aux;
    uint64_t stamp = __rdtsc(), stamp_p = __rdtscp(&aux);
    say("grows at once: %s\n", yes(stamp_p >= stamp));
#endif
    sleep_ms(150);
    say("processor time isn't slept away: %s %s %s\n", yes(ns_of(CLOCK_PROCESS_CPUTIME_ID) - process < 100000000),
        yes(ns_of(CLOCK_THREAD_CPUTIME_ID) - thread < 100000000), yes(clock() - before < CLOCKS_PER_SEC / 10));
    say("it grows: %s %s %s\n", yes(ns_of(CLOCK_PROCESS_CPUTIME_ID) > process),
        yes(ns_of(CLOCK_THREAD_CPUTIME_ID) > thread), yes(clock() >= before));
#ifdef __x86_64__
    say("the time-stamp counter grows: %s\n", yes(__rdtsc() > stamp));
#endif
    say("times: %s\n", yes(times(&times_now) - ticks >= 14));
    say("of a child: %s\n", yes(times_now.tms_cutime == 0));

    time_t seconds = time(NULL);
    struct timeval day;
    gettimeofday(&day, NULL);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    say("in this century: %s\n", yes(seconds > 1577836800));
    say("they agree: %s %s\n", yes(day.tv_sec - seconds <= 1), yes(now.tv_sec - day.tv_sec <= 1));
    int64_t coarse = ns_of(CLOCK_MONOTONIC_COARSE), fine = ns_of(CLOCK_MONOTONIC), boot = ns_of(CLOCK_BOOTTIME);
    say("coarse: %s, since boot: %s\n", yes(coarse <= fine && fine - coarse < 50000000), yes(boot >= fine));
    SAY(clock_getres(CLOCK_MONOTONIC, &now));
    say("one nanosecond: %s\n", yes(now.tv_sec == 0 && now.tv_nsec == 1));
    SAY(clock_gettime(77, &now));
    say("time passes: %s\n", yes(time(NULL) - seconds <= 1));
}
