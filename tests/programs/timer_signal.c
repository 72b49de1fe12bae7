// siglab-test: outcomes = one
// A POSIX timer: its value, its overrun while blocked, getoverrun, a real-time signal.
#include "observe.h"

int main(void) {
    block(SIGRTMIN + 1);
    sigset_t set = set_of(SIGRTMIN + 1, 0, 0);
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 42};
    timer_t timer;
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec each = {.it_value = timespec_of_ms(60), .it_interval = timespec_of_ms(60)}, before;
    int64_t start = now_ms();
    SAY(timer_settime(timer, 0, &each, NULL));
    siginfo_t info;
    for (int i = 0; i < 2; i++) {
        say("%s ", signal_name(sigwaitinfo(&set, &info)));
        say("%s value %d overrun %d\n", code_name(&info), info.si_value.sival_int, slack_ms() ? 0 : info.si_overrun);
    }
    elapsed("twice:", start, 120);
    // Expirations at 180, 240, 300 and 360 ms: one signal, and three that it stands for.
    sleep_ms(270);
    say("%s ", signal_name(sigwaitinfo(&set, &info)));
    say("overrun %d and more: %s\n", 3, yes(info.si_overrun >= 3));
    say("the same as getoverrun: %s\n", yes(info.si_overrun == timer_getoverrun(timer)));
    SAY(timer_settime(timer, 0, &(struct itimerspec){0}, &before));
    left("interval before", ms_of_timespec(before.it_interval), 60);
    struct timespec at_once = {0};
    SAY(sigtimedwait(&set, &info, &at_once));
    SAY(timer_delete(timer));
    SAY(timer_delete(timer));
}
