// siglab-test: outcomes = one
// waitid(2): WNOWAIT, WSTOPPED, WCONTINUED, WNOHANG, of one child, of any, of a pidfd.
#include "observe.h"

static void look(const char *what, int result, const siginfo_t *info, pid_t child) {
    said(what, result);
    if (result == 0 && info->si_pid)
        say("  %s %d, the child: %s\n", code_name(info), info->si_status, yes(info->si_pid == child));
    else if (result == 0)
        say("  nothing\n");
}
#define LOOK(type, id, options) (info = (siginfo_t){0}, look(#options, waitid(type, (id_t)(id), &info, options), &info, child))

int main(void) {
    siginfo_t info;
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        raise(SIGSTOP);
        sleep_ms(100);
        _exit(9);
    }
    int descriptor = (int)MUST(syscall(SYS_pidfd_open, child, 0));
    LOOK(P_ALL, 0, WSTOPPED);
    LOOK(P_ALL, 0, WSTOPPED | WNOHANG);
    LOOK(P_PID, child, WEXITED | WNOHANG);
    kill(child, SIGCONT);
    LOOK(P_PID, child, WCONTINUED | WNOWAIT);
    LOOK(P_PID, child, WCONTINUED);
    LOOK(P_PGID, getpgrp(), WEXITED | WNOWAIT);
    LOOK(P_PIDFD, descriptor, WEXITED | WNOWAIT);
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    SAY(poll(&ready, 1, 0));
    LOOK(P_PIDFD, descriptor, WEXITED);
    LOOK(P_PID, child, WEXITED);
    LOOK(P_ALL, 0, 0);
    SAY(waitpid(-1, NULL, WNOHANG));
    SAY(waitpid(child, NULL, 77));
}
