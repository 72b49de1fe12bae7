// siglab-test: outcomes = one
// sigtimedwait(2): time-outs, signals that are pending or come in time, another signal's
// handler.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGALRM, on_signal, SA_RESTART);
    block(SIGUSR1);
    block(SIGUSR2);
    sigset_t set = set_of(SIGUSR1, SIGUSR2, 0);
    siginfo_t info;
    struct timespec time = timespec_of_ms(60);
    int64_t start = now_ms();
    SAY(sigtimedwait(&set, &info, &time));
    elapsed("after", start, 60);
    time = (struct timespec){0};
    SAY(sigtimedwait(&set, &info, &time));

    raise(SIGUSR2);
    raise(SIGUSR1);
    say("%s\n", signal_name(sigtimedwait(&set, NULL, &time)));
    say("%s\n", signal_name(sigtimedwait(&set, NULL, &time)));

    start = now_ms();
    pid_t child = send_parent(SIGUSR1, 100);
    time = timespec_of_ms(3000);
    say("%s ", signal_name(sigtimedwait(&set, &info, &time)));
    say("%s from the child: %s\n", code_name(&info), yes(info.si_pid == child));
    elapsed("after", start, 100);
    reap("child", child);

    alarm_in_ms(150);
    start = now_ms();
    SAY(sigtimedwait(&set, &info, &time));
    elapsed("after", start, 150);
    alarm_in_ms(150);
    SAY(sigwaitinfo(&set, &info));
    say("caught %d\n", (int)caught);
    time.tv_nsec = -1;
    SAY(sigtimedwait(&set, &info, &time));

    int number;
    raise(SIGUSR2);
    say("%s ", error_name(sigwait(&set, &number)));
    say("%s\n", signal_name(number));
    sigset_t pending;
    sigpending(&pending);
    say("pending: %s\n", yes(sigismember(&pending, SIGUSR1) || sigismember(&pending, SIGUSR2)));
}
