// siglab-test: outcomes = one
// A child's signal interrupts a sleep; the handler learns who sent it. The child's end,
// by default ignored, interrupts nothing.
#include "observe.h"

static siginfo_t seen;

static void on_usr1(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    seen = *info;
}

int main(void) {
    handle_info(SIGUSR1, on_usr1, 0);
    pid_t child = send_parent(SIGUSR1, 150);
    struct timespec rest = {.tv_sec = 2}, whole = {.tv_sec = 2};
    int interruptions = 0;
    while (nanosleep(&rest, &rest) == -1) {
        said("nanosleep", -1);
        interruptions++;
        left("rest", ms_of_timespec(rest), ms_of_timespec(whole) - 150);
        rest = timespec_of_ms(100);
    }
    say("%d interruption, %s, from the child: %s\n", interruptions, code_name(&seen), yes(seen.si_pid == child));
    reap("child", child);
}
