// siglab-test: outcomes = one
// Without sa_mask, several pending signals make their handlers interrupt each other: the
// last one delivered runs first.
#include "observe.h"

static int depth;

static void on_signal(int number) {
    say("%s at depth %d\n", signal_name(number), ++depth);
    depth--;
    say("%s ends\n", signal_name(number));
}

int main(void) {
    const int numbers[] = {SIGHUP, SIGUSR1, SIGTERM, SIGRTMIN + 1};
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < 4; i++) {
        handle(numbers[i], on_signal, 0);
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 3; i >= 0; i--)
        raise(numbers[i]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    say("end\n");
}
