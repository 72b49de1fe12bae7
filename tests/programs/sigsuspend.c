// siglab-test: outcomes = one
// sigsuspend(2): pending signals get in at once, the mask comes back, blocked ones wait.
#include "observe.h"

static void on_signal(int number) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    say("%s, SIGUSR2 blocked: %s\n", signal_name(number), yes(sigismember(&now, SIGUSR2)));
}

int main(void) {
    handle(SIGUSR1, on_signal, SA_RESTART);
    handle(SIGUSR2, on_signal, 0);
    handle(SIGTERM, on_signal, 0);
    block(SIGUSR1);
    block(SIGTERM);
    sigset_t only_usr2 = set_of(SIGUSR2, 0, 0);
    raise(SIGUSR2);
    raise(SIGTERM);
    raise(SIGUSR1);
    SAY(sigsuspend(&only_usr2));
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    say("blocked: SIGUSR1 %s, SIGUSR2 %s, SIGTERM %s\n", yes(sigismember(&now, SIGUSR1)),
        yes(sigismember(&now, SIGUSR2)), yes(sigismember(&now, SIGTERM)));
    int64_t start = now_ms();
    pid_t first = send_parent(SIGUSR2, 50), second = send_parent(SIGUSR1, 150);
    SAY(sigsuspend(&only_usr2));
    elapsed("after", start, 150);
    reap("child", first);
    reap("child", second);
}
