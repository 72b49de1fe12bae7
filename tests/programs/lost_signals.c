// siglab-test: outcomes = one
// A standard signal that is sent many times while blocked is handled once; a real-time one
// every time; a limit on queued signals fails with EAGAIN.
#include "observe.h"

#include <sys/resource.h>

static volatile sig_atomic_t caught[2];

static void on_signal(int number) {
    caught[number != SIGUSR1]++;
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    handle(SIGRTMIN, on_signal, 0);
    block(SIGUSR1);
    block(SIGRTMIN);
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1);
        kill(getpid(), SIGRTMIN);
    }
    unblock(SIGUSR1);
    unblock(SIGRTMIN);
    say("caught %d and %d\n", (int)caught[0], (int)caught[1]);
    MUST(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, 0}));
    block(SIGRTMIN);
    SAY(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}));
    SAY(kill(getpid(), SIGRTMIN));
    SAY(kill(getpid(), SIGRTMIN));
    unblock(SIGRTMIN);
    say("caught %d\n", (int)caught[1]);
}
