// siglab-test: outcomes = one
// A handler during wait4(2) and waitid(2): with SA_RESTART they go on.
#include "observe.h"

static void on_usr1(int number) {
    (void)number;
    say("caught\n");
}

static pid_t signal_and_exit(void) {
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(100);
        kill(parent, SIGUSR1);
        sleep_ms(100);
        _exit(3);
    }
    return child;
}

int main(void) {
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        handle(SIGUSR1, on_usr1, flags);
        pid_t child = signal_and_exit();
        int status;
        pid_t reaped = waitpid(-1, &status, 0);
        say("waitpid: %s\n", reaped == child ? "the child" : error_name(errno));
        if (reaped == -1)
            reap("child", child);
        child = signal_and_exit();
        siginfo_t info = {0};
        int result = waitid(P_PID, (id_t)child, &info, WEXITED);
        said("waitid", result);
        if (result == -1)
            reap("child", child);
        else
            say("%s %d\n", code_name(&info), info.si_status);
    }
}
