// siglab-test: outcomes = one
// A POSIX timer's signal that is pending: when the timer is set or deleted, when others like it
// are pending, when it is ignored, at exec. What becomes of it depends on the kernel (6.13).
#include "observe.h"

static volatile sig_atomic_t handled;

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    handled++;
    say("handler: %s value %d\n", code_name(info), info->si_value.sival_int);
}

static sigset_t set;

static void take(const char *when) {
    struct timespec at_once = {0};
    siginfo_t info;
    while (sigtimedwait(&set, &info, &at_once) > 0)
        say("%s: %s %s value %d\n", when, signal_name(info.si_signo), code_name(&info),
            info.si_code == SI_TIMER ? info.si_value.sival_int : 0);
    say("%s: no more\n", when);
}

static timer_t timer_with(int value) {
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = value};
    timer_t timer;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    return timer;
}

static void set_once(timer_t timer, int64_t ms) {
    struct itimerspec once = {.it_value = timespec_of_ms(ms)};
    timer_settime(timer, 0, &once, NULL);
}

static void expire(timer_t timer) {
    set_once(timer, 20);
    sleep_ms(60);
}

static void say_pending(const char *when) {
    sigset_t pending;
    sigpending(&pending);
    say("%s: pending %s\n", when, yes(sigismember(&pending, SIGUSR1)));
}

int main(int count, char **args) {
    set = set_of(SIGUSR1, 0, 0);
    if (count > 1) {
        say_pending("after exec");
        take("after exec");
        return 0;
    }
    block(SIGUSR1);
    timer_t one = timer_with(1), two = timer_with(2), three = timer_with(3);

    expire(one);
    set_once(one, 0);
    say_pending("stopped");
    take("stopped");

    expire(one);
    set_once(one, 0);
    kill(getpid(), SIGUSR1);
    take("stopped, then kill");

    expire(one);
    expire(one);
    take("set twice");

    expire(three);
    timer_delete(three);
    take("deleted");

    kill(getpid(), SIGUSR1);
    set_once(two, 20);
    set_once(one, 40);
    sleep_ms(100);
    take("kill and two timers");

    set_once(one, 20);
    set_once(two, 40);
    sleep_ms(100);
    set_once(two, 0);
    take("two timers, the second stopped");

    set_once(one, 20);
    set_once(two, 40);
    sleep_ms(100);
    set_once(one, 0);
    take("two timers, the first stopped");

    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    set_once(one, 20);
    set_once(two, 40);
    sleep_ms(100);
    unblock(SIGUSR1);
    block(SIGUSR1);
    say("handled %d\n", handled);

    // Nobody is woken by what is thrown away.
    expire(one);
    set_once(one, 0);
    set_once(two, 60);
    sigset_t all_but = set_of(SIGUSR2, 0, 0);
    SAY(sigsuspend(&all_but));

    expire(one);
    set_once(one, 0);
    set_once(two, 60);
    siginfo_t info;
    SAY(sigwaitinfo(&set, &info) == SIGUSR1);
    say("value %d\n", info.si_value.sival_int);

    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    expire(one);
    set_once(one, 0);
    struct signalfd_siginfo records[2];
    SAY(read(fd, records, sizeof records));
    fcntl(fd, F_SETFL, 0);
    expire(one);
    set_once(one, 0);
    set_once(two, 60);
    say("read %d\n", (int)(read(fd, records, sizeof records[0]) / (ssize_t)sizeof records[0]));
    say("value %d\n", records[0].ssi_int);

    expire(one);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    say_pending("ignored");
    take("ignored");

    set_once(one, 20);
    set_once(two, 40);
    sleep_ms(100);
    execl("/proc/self/exe", args[0], "again", (char *)NULL);
}
