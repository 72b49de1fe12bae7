// siglab-test: outcomes = one
// pselect(2) changes the mask while it waits, atomically; and leaves its time alone.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

static void say_blocked(void) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    say("caught %d, SIGUSR1 blocked: %s\n", (int)caught, yes(sigismember(&now, SIGUSR1)));
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    block(SIGUSR1);
    sigset_t none = set_of(0, 0, 0);
    struct timespec time = timespec_of_ms(3000);
    raise(SIGUSR1);
    say_blocked();
    SAY(pselect(0, NULL, NULL, NULL, &time, &none));
    say_blocked();
    int64_t start = now_ms();
    pid_t child = send_parent(SIGUSR1, 100);
    SAY(pselect(0, NULL, NULL, NULL, &time, &none));
    elapsed("after", start, 100);
    left("the time is untouched:", ms_of_timespec(time), 3000);
    say_blocked();
    time = timespec_of_ms(60);
    SAY(pselect(0, NULL, NULL, NULL, &time, &none));
    say_blocked();
    reap("child", child);
}
