// siglab-test: outcomes = one
// A POSIX timer's signal to a handler, once; its value as a pointer; SIGEV_NONE; the
// default event.
#include "observe.h"

static siginfo_t seen;
static volatile sig_atomic_t caught;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    seen = *info;
    caught++;
}

static void wait_for(int count) {
    sigset_t none = set_of(0, 0, 0);
    while (caught < count)
        sigsuspend(&none);
}

int main(void) {
    handle_info(SIGUSR1, on_signal, 0);
    handle_info(SIGALRM, on_signal, 0);
    block(SIGUSR1);
    block(SIGALRM);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = &seen};
    timer_t timer, by_default, silent;
    MUST(timer_create(CLOCK_REALTIME, &event, &timer));
    struct itimerspec once = {.it_value = timespec_of_ms(70)};
    int64_t start = now_ms();
    MUST(timer_settime(timer, 0, &once, NULL));
    wait_for(1);
    elapsed("after", start, 70);
    say("%s %s, the pointer: %s\n", signal_name(seen.si_signo), code_name(&seen), yes(seen.si_value.sival_ptr == &seen));

    MUST(timer_create(CLOCK_BOOTTIME, NULL, &by_default));
    once.it_value = timespec_of_ms(30);
    MUST(timer_settime(by_default, 0, &once, NULL));
    wait_for(2);
    say("%s %s, the timer's id: %s\n", signal_name(seen.si_signo), code_name(&seen),
        yes(seen.si_value.sival_int == (int)(intptr_t)by_default));

    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    MUST(timer_create(CLOCK_MONOTONIC, &event, &silent));
    MUST(timer_settime(silent, 0, &once, NULL));
    struct itimerspec now;
    MUST(timer_gettime(silent, &now));
    left("left", ms_of_timespec(now.it_value), 30);
    sleep_ms(60);
    MUST(timer_gettime(silent, &now));
    say("over: %s, caught %d\n", yes(!now.it_value.tv_sec && !now.it_value.tv_nsec), (int)caught);
}
