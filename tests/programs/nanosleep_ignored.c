// siglab-test: outcomes = one
// Ignored and blocked signals don't interrupt a sleep.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    signal(SIGUSR1, SIG_IGN);
    handle(SIGUSR2, on_signal, 0);
    block(SIGUSR2);
    pid_t children[] = {send_parent(SIGUSR1, 30), send_parent(SIGWINCH, 60), send_parent(SIGUSR2, 90),
                        send_parent(SIGCONT, 120)};
    int64_t start = now_ms();
    SAY(nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL));
    elapsed("it took", start, 200);
    for (int i = 0; i < 4; i++)
        reap_silently(children[i]);
    say("caught %d\n", (int)caught);
    unblock(SIGUSR2);
    say("caught %d\n", (int)caught);
}
