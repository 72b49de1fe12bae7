// siglab-test: outcomes = one
// What a program inherits across exec: mask, pending signals, ignored ones, the alarm;
// not handlers, POSIX timers or the alternative stack.
#include "observe.h"

static char stack[64 * 1024];

static void on_signal(int number) {
    (void)number;
    say("not reached\n");
}

static void after(void) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    say("blocked: SIGUSR1 %s, SIGTERM %s\n", yes(sigismember(&now, SIGUSR1)), yes(sigismember(&now, SIGTERM)));
    sigpending(&now);
    say("pending: SIGUSR1 %s, SIGUSR2 %s\n", yes(sigismember(&now, SIGUSR1)), yes(sigismember(&now, SIGUSR2)));
    struct sigaction action;
    sigaction(SIGHUP, NULL, &action);
    say("ignored is ignored: %s\n", yes(action.sa_handler == SIG_IGN));
    sigaction(SIGTERM, NULL, &action);
    say("handled is by default: %s\n", yes(action.sa_handler == SIG_DFL));
    stack_t no_stack;
    sigaltstack(NULL, &no_stack);
    say("no stack: %s\n", yes(no_stack.ss_flags == SS_DISABLE));
    struct itimerval timer;
    getitimer(ITIMER_REAL, &timer);
    left("alarm", ms_of_timeval(timer.it_value), 150);
    sigset_t set = set_of(SIGUSR1, 0, 0);
    siginfo_t info;
    sigwaitinfo(&set, &info);
    say("%s, sent by itself before: %s\n", code_name(&info), yes(info.si_pid == getpid()));
    sleep_ms(100);
    sigpending(&now);
    say("the POSIX timer went off: %s\n", yes(sigismember(&now, SIGUSR2)));
    for (;;)
        pause();
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2)
        after();
    signal(SIGHUP, SIG_IGN);
    handle(SIGTERM, on_signal, 0);
    block(SIGUSR1);
    block(SIGUSR2);
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    int64_t start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        alarm_in_ms(250);
        kill(getpid(), SIGUSR1);
        sleep_ms(100);
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
        timer_t timer;
        MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
        MUST(timer_settime(timer, 0, &(struct itimerspec){.it_value = timespec_of_ms(70)}, NULL));
        execl("/proc/self/exe", "exec_inherits", "after", NULL);
    }
    reap("child", child);
    elapsed("after", start, 250);
}
