// siglab-test: outcomes = one
// The same order for sigwaitinfo(2); a thread's own signals come before the process's.
#include "observe.h"

int main(void) {
    sigset_t set, pending;
    sigemptyset(&set);
    const int numbers[] = {SIGHUP, SIGTERM, SIGRTMIN, SIGRTMAX};
    for (int i = 0; i < 4; i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    const int sent[] = {SIGRTMAX, SIGRTMIN, SIGTERM, SIGRTMIN, SIGHUP, SIGTERM, SIGRTMAX};
    for (int i = 0; i < 7; i++)
        sigqueue(getpid(), sent[i], (union sigval){.sival_int = i + 10});
    pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 30});
    pthread_kill(pthread_self(), SIGTERM);
    for (;;) {
        siginfo_t info;
        int number = sigtimedwait(&set, &info, &(struct timespec){0});
        if (number == -1)
            break;
        say("%s %s %d\n", signal_name(number), code_name(&info), info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
    }
    say("%s\n", error_name(errno));
    sigpending(&pending);
    say("empty: %s\n", yes(sigisemptyset(&pending)));
}
