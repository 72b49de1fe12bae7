// siglab-test: outcomes = one
// Queued signals are delivered standard ones first, then real-time ones, lowest number
// first and in order of generation; standard ones merge, and the first one's value stays.
#include "observe.h"

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s %d\n", signal_name(number), code_name(info), info->si_value.sival_int);
}

int main(void) {
    const int numbers[] = {SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask); // one handler after the other
    for (int i = 0; i < 5; i++) {
        MUST(sigaction(numbers[i], &action, NULL));
        block(numbers[i]);
    }
    const int sent[] = {SIGRTMIN + 2, SIGRTMIN + 1, SIGUSR2, SIGRTMIN + 2, SIGUSR1, SIGRTMIN,
                        SIGUSR2,      SIGRTMIN + 1, SIGUSR1, SIGRTMIN,     SIGUSR2};
    for (int i = 0; i < 11; i++)
        MUST(sigqueue(getpid(), sent[i], (union sigval){.sival_int = i + 10}));
    sigset_t none = set_of(0, 0, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    say("end\n");
}
