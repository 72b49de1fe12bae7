// siglab-test: outcomes = one
// A thread waits for signals that it doesn't block. Whether one ends the wait depends on its
// disposition when it is generated, not when the wait begins.
#include "observe.h"

static void on_signal(int signal) {
    say("handler: %s\n", signal_name(signal));
}

static void *waiter(void *argument) {
    (void)argument;
    sigset_t set = set_of(SIGTERM, SIGUSR1, SIGRTMIN + 2);
    for (int round = 0; round < 4; round++) {
        siginfo_t info;
        int signal = sigtimedwait(&set, &info, &(struct timespec){.tv_sec = 2});
        say("waited: %s", signal > 0 ? signal_name(signal) : error_name(errno));
        say(signal > 0 ? " %s\n" : "\n", code_name(&info));
    }
    return NULL;
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    pthread_t thread;
    int64_t start = now_ms();
    pthread_create(&thread, NULL, waiter, NULL);
    sleep_ms(100);

    // It would have ended the process.
    handle(SIGTERM, on_signal, 0);
    pthread_kill(thread, SIGTERM);
    sleep_ms(100);

    // Thrown away; then not any more.
    signal(SIGUSR1, SIG_IGN);
    pthread_kill(thread, SIGUSR1);
    sleep_ms(100);
    handle(SIGUSR1, on_signal, 0);
    pthread_kill(thread, SIGUSR1);
    sleep_ms(100);
    elapsed("so far", start, 400);

    // Its handler is gone after the first time.
    handle(SIGRTMIN + 2, on_signal, SA_RESETHAND);
    raise(SIGRTMIN + 2);
    sleep_ms(100);
    signal(SIGRTMIN + 2, SIG_IGN);
    pthread_kill(thread, SIGRTMIN + 2);
    handle(SIGRTMIN + 2, on_signal, 0);
    pthread_kill(thread, SIGRTMIN + 2);
    sleep_ms(100);

    // Nothing: the deadline of a wait that began again stays.
    start = now_ms();
    signal(SIGTERM, SIG_IGN);
    sleep_ms(500);
    handle(SIGTERM, on_signal, 0);
    pthread_join(thread, NULL);
    elapsed("the rest", start, 1900);
}
