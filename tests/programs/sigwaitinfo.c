// siglab-test: outcomes = one
// What sigwaitinfo(2) tells of signals from kill, sigqueue, tgkill, a child and a timer.
#include "observe.h"

static void next(const sigset_t *set, pid_t child) {
    siginfo_t info = {0};
    int number = sigwaitinfo(set, &info);
    const char *who = info.si_pid == getpid() ? "itself" : child && info.si_pid == child ? "the child" : "nobody";
    say("%s %s from %s, errno %d\n", signal_name(number), code_name(&info), who, info.si_errno);
    if (info.si_code == SI_QUEUE)
        say("  value %d\n", info.si_value.sival_int);
    if (number == SIGCHLD)
        say("  status %d\n", info.si_status);
    say("  the user: %s\n", yes(info.si_uid == getuid()));
}

int main(void) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    kill(getpid(), SIGTERM);
    next(&set, 0);
    raise(SIGHUP);
    next(&set, 0);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 33});
    next(&set, 0);
    pthread_sigqueue(pthread_self(), SIGUSR2, (union sigval){.sival_int = -4});
    next(&set, 0);
    alarm_in_ms(20);
    next(&set, 0);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sigqueue(getppid(), SIGRTMIN + 2, (union sigval){.sival_int = 55});
        sleep_ms(50);
        _exit(6);
    }
    next(&set, child);
    next(&set, child);
    reap("child", child);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        pause();
        _exit(1);
    }
    kill(child, SIGKILL);
    next(&set, child);
    reap("child", child);
}
