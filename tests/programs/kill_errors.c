// siglab-test: outcomes = one
// What kill(2), tgkill(2) and sigqueue(3) refuse, and what they accept without effect.
#include "observe.h"

int main(void) {
    SAY(kill(getpid(), 0));
    SAY(kill(getpid(), 65));
    SAY(kill(getpid(), -1));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        _exit(0);
    MUST(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT));
    SAY(kill(child, 0)); // a zombie
    SAY(kill(child, SIGKILL));
    reap("child", child);
    SAY(kill(child, 0));
    SAY(kill(child, SIGTERM));
    SAY(kill(-child, SIGTERM));
    SAY(sigqueue(child, SIGTERM, (union sigval){0}));
    SAY(sigqueue(getpid(), 99, (union sigval){0}));
    SAY(syscall(SYS_tgkill, getpid(), child, SIGTERM));
    SAY(syscall(SYS_tgkill, getpid(), -1, SIGTERM));
    SAY(syscall(SYS_tgkill, getpid(), gettid(), 0));
    SAY(syscall(SYS_tkill, child, SIGTERM));
    SAY(raise(99));
    SAY(killpg(-1, SIGTERM));
    SAY(killpg(getpgrp(), 0));
    siginfo_t forged = {.si_signo = SIGUSR1, .si_code = SI_USER};
    SAY(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &forged));
    signal(SIGUSR1, SIG_IGN);
    SAY(kill(getpid(), SIGUSR1));
}
