// siglab-test: outcomes = one
// SIGCHLD at its default is discarded when it is generated, unless it is blocked: a
// sigtimedwait(2) for it without blocking it never gets it.
#include "observe.h"

static pid_t exit_in_ms(int64_t ms) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(ms);
        _exit(5);
    }
    return child;
}

int main(void) {
    sigset_t set = set_of(SIGCHLD, 0, 0);
    siginfo_t info;
    struct timespec time = timespec_of_ms(150);
    pid_t child = exit_in_ms(50);
    int64_t start = now_ms();
    SAY(sigtimedwait(&set, &info, &time));
    elapsed("not blocked: after", start, 150);
    reap("child", child);

    block(SIGCHLD);
    start = now_ms();
    child = exit_in_ms(50);
    time = timespec_of_ms(3000);
    say("%s ", signal_name(sigtimedwait(&set, &info, &time)));
    say("%s %d from the child: %s\n", code_name(&info), info.si_status, yes(info.si_pid == child));
    elapsed("blocked: after", start, 50);
    reap("child", child);

    // Explicitly ignored: the same, and no zombie.
    signal(SIGCHLD, SIG_IGN);
    child = exit_in_ms(50);
    time = timespec_of_ms(150);
    SAY(sigtimedwait(&set, &info, &time));
    SAY(waitpid(child, NULL, 0));
}
