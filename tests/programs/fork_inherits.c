// siglab-test: outcomes = one
// What a child inherits: mask, handlers, alternative stack; not pending signals, alarms or
// POSIX timers.
#include "observe.h"

static void on_usr1(int number) {
    say("%s in the child\n", signal_name(number));
}

int main(void) {
    handle(SIGUSR1, on_usr1, 0);
    signal(SIGHUP, SIG_IGN);
    block(SIGUSR2);
    raise(SIGUSR2);
    kill(getpid(), SIGUSR2);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    MUST(timer_settime(timer, 0, &(struct itimerspec){.it_value = timespec_of_ms(5000)}, NULL));
    alarm(5);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sigset_t now;
        sigpending(&now);
        say("pending: %s\n", yes(sigismember(&now, SIGUSR2)));
        sigprocmask(SIG_SETMASK, NULL, &now);
        say("blocked: %s\n", yes(sigismember(&now, SIGUSR2)));
        say("alarm: %d\n", (int)alarm(0));
        struct itimerspec left_there;
        SAY(timer_gettime(timer, &left_there));
        raise(SIGUSR1);
        raise(SIGHUP);
        _exit(2);
    }
    reap("child", child);
    say("alarm: %d\n", (int)alarm(0));
    SAY(timer_delete(timer));
}
