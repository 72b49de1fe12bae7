// siglab-test: outcomes = one
// pause(2) returns when a handler has run, and not for an ignored signal.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    signal(SIGUSR2, SIG_IGN);
    handle(SIGUSR1, on_signal, SA_RESTART);
    int64_t start = now_ms();
    pid_t ignored = send_parent(SIGUSR2, 50), handled = send_parent(SIGUSR1, 150);
    SAY(pause());
    elapsed("after", start, 150);
    say("caught %d\n", (int)caught);
    reap("child", ignored);
    reap("child", handled);
}
