// How many values can be queued within a limit: signals that are pending and timers count, and what
// other programs of the same user queue doesn't. With an argument: queues as many as that and
// waits for the end of its input.
#include "observe.h"

#include <sys/resource.h>

static const union sigval no_value = {.sival_int = 0};

static void limit_queue(rlim_t limit) {
    struct rlimit now;
    MUST(getrlimit(RLIMIT_SIGPENDING, &now));
    now.rlim_cur = limit;
    MUST(setrlimit(RLIMIT_SIGPENDING, &now));
}

static int fill(void) {
    int queued = 0;
    while (sigqueue(getpid(), SIGRTMIN + 1, no_value) == 0) {
        queued++;
    }
    if (errno != EAGAIN) {
        say("sigqueue failed otherwise\n");
    }
    return queued;
}

static void empty(void) {
    sigset_t all;
    sigfillset(&all);
    while (sigtimedwait(&all, NULL, &(struct timespec){0}) > 0) {
    }
}

int main(int argc, char **argv) {
    block(SIGRTMIN + 1);
    block(SIGRTMIN + 2);
    block(SIGUSR1);
    block(SIGALRM);
    if (argc > 1) {
        for (int i = atoi(argv[1]); i > 0; i--) {
            MUST(sigqueue(getpid(), SIGRTMIN + 1, no_value));
        }
        say("queued\n");
        char end;
        return read(0, &end, 1) != 0;
    }
    limit_queue(20);
    say("%d fit\n", fill());
    empty();
    kill(getpid(), SIGUSR1);
    say("%d fit beside a pending signal\n", fill());

    // A timer has its place from the start, and needs no other one.
    empty();
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    say("%d fit beside a timer\n", fill());
    timer_t second;
    say("another timer: %s\n",
        timer_create(CLOCK_MONOTONIC, &event, &second) == 0 ? "made" : strerror(errno));
    MUST(timer_settime(timer, 0, &(struct itimerspec){.it_value = {.tv_nsec = 1000000}}, NULL));
    sigset_t of_timer;
    sigemptyset(&of_timer);
    sigaddset(&of_timer, SIGRTMIN + 2);
    siginfo_t info;
    int got = sigwaitinfo(&of_timer, &info);
    say("the timer's signal: %s\n", got > 0 && info.si_code == SI_TIMER ? "SI_TIMER" : "not so");
    say("%d fit after it\n", fill());

    // alarm() needs none, and says what it says elsewhere.
    ualarm(1000, 0);
    sigset_t of_alarm;
    sigemptyset(&of_alarm);
    sigaddset(&of_alarm, SIGALRM);
    got = sigwaitinfo(&of_alarm, &info);
    say("the alarm's signal: %s\n", got > 0 && info.si_code == SI_KERNEL ? "SI_KERNEL" : "not so");
}
