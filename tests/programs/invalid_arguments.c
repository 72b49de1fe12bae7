// siglab-test: outcomes = one
// What siglab answers itself, with arguments that are wrong: the kernel's errors, in its order.
#include "observe.h"

#include <sys/random.h>
#include <sys/times.h>

#define BAD ((void *)8)

#define TRY(what, ...) \
    do { \
        errno = 0; \
        long result = syscall(__VA_ARGS__); \
        say("%s: %s\n", what, error_name(result < 0 ? errno : 0)); \
    } while (0)

static char *half; // Ten bytes, then a page that isn't there.
static struct timespec zero, negative = {-1, 0}, wrong = {0, 1000000000}, moment = {0, 1000};

static void random_bytes(void) {
    char bytes[8];
    for (unsigned flags = 0; flags < 16; flags++) {
        say("flags %d ", (int)flags);
        TRY("getrandom", SYS_getrandom, bytes, sizeof bytes, flags);
    }
    TRY("high flag", SYS_getrandom, bytes, sizeof bytes, 0x80000000u);
    TRY("NULL", SYS_getrandom, NULL, 8, 0);
    TRY("NULL, nothing", SYS_getrandom, NULL, 0, 0);
    TRY("flags before all else", SYS_getrandom, NULL, 0, 8);
    say("a part: %d\n", (int)getrandom(half, 100, 0));
    say("endless: %d\n", (int)syscall(SYS_getrandom, half, SIZE_MAX, 0));
    size_t much = 3 << 20;
    char *room = malloc(much);
    say("much: %s\n", yes(getrandom(room, much, 0) == (ssize_t)much));
    free(room);
}

static void clocks(void) {
    // Without those whose time depends on the machine (the _ALARM ones).
    static const int ids[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 16, 100, -1, -2, -6, -9};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        int id = ids[i];
        struct timespec time;
        timer_t timer;
        struct sigevent none = {.sigev_notify = SIGEV_NONE};
        say("clock %d\n", id);
        TRY("gettime", SYS_clock_gettime, id, &time);
        TRY("gettime NULL", SYS_clock_gettime, id, NULL);
        TRY("getres", SYS_clock_getres, id, &time);
        TRY("getres NULL", SYS_clock_getres, id, NULL);
        TRY("getres bad", SYS_clock_getres, id, BAD);
        TRY("nanosleep 0", SYS_clock_nanosleep, id, 0, &zero, NULL);
        TRY("nanosleep flags", SYS_clock_nanosleep, id, 2, &zero, NULL);
        TRY("nanosleep NULL", SYS_clock_nanosleep, id, 0, NULL, NULL);
        TRY("nanosleep negative", SYS_clock_nanosleep, id, 0, &negative, NULL);
        TRY("nanosleep wrong", SYS_clock_nanosleep, id, TIMER_ABSTIME, &wrong, NULL);
        TRY("timer, bad event", SYS_timer_create, id, BAD, &timer);
        if (id == 2 || id == 3 || id == -2 || id == -6)
            continue; // Timers in processor time aren't supported.
        TRY("timer", SYS_timer_create, id, &none, &timer);
        TRY("timer, bad id", SYS_timer_create, id, &none, BAD);
        none.sigev_notify = 77;
        TRY("timer, bad how", SYS_timer_create, id, &none, &timer);
        TRY("timerfd flags", SYS_timerfd_create, id, 1);
    }
}

static void timers(void) {
    static const int hows[] = {0, 1, 2, 3, 4, 5, 8, -1}, signals[] = {-1, 0, 1, 31, 64, 65};
    int id = -1;
    for (size_t how = 0; how < sizeof hows / sizeof *hows; how++)
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
            struct sigevent event = {.sigev_notify = hows[how], .sigev_signo = signals[i]};
            say("how %d, signal %d ", hows[how], signals[i]);
            TRY("timer", SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
        }
    struct itimerspec set = {0}, old;
    TRY("settime", SYS_timer_settime, id, 0, &set, &old);
    TRY("settime NULL", SYS_timer_settime, id, 0, NULL, NULL);
    TRY("settime bad", SYS_timer_settime, id, 0, BAD, NULL);
    TRY("settime bad old", SYS_timer_settime, id, 0, &set, BAD);
    TRY("settime flags", SYS_timer_settime, id, 0x7e, &set, NULL);
    TRY("no timer, bad", SYS_timer_settime, -5, 0, BAD, NULL);
    TRY("no timer, NULL", SYS_timer_settime, -5, 0, NULL, NULL);
    set.it_value = negative;
    TRY("settime negative", SYS_timer_settime, id, 0, &set, NULL);
    set.it_value = zero;
    set.it_interval = wrong;
    TRY("settime wrong interval", SYS_timer_settime, id, 0, &set, NULL);
    set.it_interval = (struct timespec){5, 0};
    TRY("settime off", SYS_timer_settime, id, 0, &set, NULL);
    TRY("gettime", SYS_timer_gettime, id, &old);
    say("interval %d\n", (int)old.it_interval.tv_sec);
    TRY("gettime NULL", SYS_timer_gettime, id, NULL);
    TRY("no timer gettime", SYS_timer_gettime, -5, NULL);
    TRY("no timer getoverrun", SYS_timer_getoverrun, -5);
    TRY("delete", SYS_timer_delete, id);
    TRY("delete again", SYS_timer_delete, id);

    set = (struct itimerspec){0};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0), other = eventfd(0, 0);
    TRY("timerfd flags", SYS_timerfd_settime, fd, 4, &set, NULL);
    TRY("timerfd cancel", SYS_timerfd_settime, fd, 3, &set, NULL);
    TRY("timerfd NULL", SYS_timerfd_settime, fd, 0, NULL, NULL);
    TRY("timerfd bad flags, NULL", SYS_timerfd_settime, fd, 4, NULL, NULL);
    TRY("timerfd bad old", SYS_timerfd_settime, fd, 0, &set, BAD);
    TRY("no timerfd", SYS_timerfd_settime, other, 0, &set, NULL);
    TRY("no descriptor", SYS_timerfd_settime, -1, 0, &set, NULL);
    TRY("no descriptor, NULL", SYS_timerfd_settime, -1, 0, NULL, NULL);
    set.it_value = negative;
    TRY("timerfd negative", SYS_timerfd_settime, fd, 0, &set, NULL);
    TRY("timerfd gettime NULL", SYS_timerfd_gettime, fd, NULL);
    TRY("no timerfd gettime", SYS_timerfd_gettime, other, &old);

    struct itimerval value = {0}, before;
    TRY("setitimer", SYS_setitimer, ITIMER_REAL, &value, &before);
    TRY("setitimer bad old", SYS_setitimer, ITIMER_REAL, &value, BAD);
    TRY("setitimer bad", SYS_setitimer, ITIMER_REAL, BAD, NULL);
    TRY("setitimer which", SYS_setitimer, 9, &value, NULL);
    TRY("getitimer which", SYS_getitimer, -1, &before);
    TRY("getitimer NULL", SYS_getitimer, ITIMER_REAL, NULL);
    value.it_value.tv_usec = 1000000;
    TRY("setitimer wrong", SYS_setitimer, ITIMER_REAL, &value, NULL);
}

static void others(void) {
    TRY("gettimeofday bad", SYS_gettimeofday, BAD, NULL);
    TRY("gettimeofday bad zone", SYS_gettimeofday, NULL, BAD);
    TRY("gettimeofday NULL", SYS_gettimeofday, NULL, NULL);
    TRY("times bad", SYS_times, BAD);
    TRY("times NULL", SYS_times, NULL);
    struct timeval time = {0, 1500000};
    TRY("select long", SYS_select, 0, NULL, NULL, NULL, &time);
    time = (struct timeval){0, -1};
    TRY("select negative", SYS_select, 0, NULL, NULL, NULL, &time);
    TRY("ppoll negative", SYS_ppoll, NULL, 0, &negative, NULL, 8);
    TRY("ppoll size", SYS_ppoll, NULL, 0, &moment, half, 7);
    sigset_t set = set_of(SIGUSR1, 0, 0);
    TRY("sigtimedwait size", SYS_rt_sigtimedwait, &set, NULL, &zero, 7);
    TRY("sigtimedwait negative", SYS_rt_sigtimedwait, &set, NULL, &negative, 8);
    TRY("sigtimedwait bad", SYS_rt_sigtimedwait, BAD, NULL, &zero, 8);
    TRY("signalfd size", SYS_signalfd4, -1, &set, 7, 0);
    TRY("signalfd flags", SYS_signalfd4, -1, &set, 8, 1);
    TRY("signalfd on another", SYS_signalfd4, eventfd(0, 0), &set, 8, 0);
    TRY("epoll none", SYS_epoll_pwait2, epoll_create1(0), half, 0, &moment, NULL, 8);
    TRY("epoll negative", SYS_epoll_pwait2, epoll_create1(0), half, 1, &negative, NULL, 8);
    unsigned word = 0;
    TRY("futex negative", SYS_futex, &word, 0, 0, &negative, NULL, 0);
    TRY("futex other value", SYS_futex, &word, 0, 1, &moment, NULL, 0);
    TRY("futex misaligned", SYS_futex, (char *)&word + 1, 0, 0, &moment, NULL, 0);
    char processors[1024] = {0};
    TRY("getaffinity size", SYS_sched_getaffinity, 0, 7, processors);
    TRY("getaffinity bad", SYS_sched_getaffinity, 0, sizeof processors, BAD);
    TRY("getaffinity nobody", SYS_sched_getaffinity, -1, sizeof processors, processors);
    TRY("setaffinity none", SYS_sched_setaffinity, 0, 8, processors);
    TRY("setaffinity nobody", SYS_sched_setaffinity, -1, 8, processors);
    TRY("getcpu bad", SYS_getcpu, BAD, NULL, NULL);
    TRY("tkill 0", SYS_tkill, 0, SIGUSR1);
    TRY("tgkill negative", SYS_tgkill, -1, 5, SIGUSR1);
    TRY("pidfd flags", SYS_pidfd_send_signal, -1, SIGUSR1, NULL, 64);
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    time = (struct timeval){1, 0};
    TRY("setsockopt", SYS_setsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    TRY("setsockopt size", SYS_setsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, 15);
    time.tv_usec = 1000000;
    TRY("setsockopt wrong", SYS_setsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    int part[2] = {7, 7};
    socklen_t size = sizeof part[0];
    TRY("getsockopt part", SYS_getsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, part, &size);
    say("%d bytes: %d %d\n", (int)size, part[0], part[1]);
    TRY("getsockopt bad size", SYS_getsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, part, BAD);
    static const long numbers[] = {-1, -5, 480, 511, 512, 999, 1 << 30, INT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        TRY("no such call", numbers[i], 0, 0, 0, 0, 0, 0);
}

int main(void) {
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 4096, 4096, PROT_NONE);
    half = pages + 4086;
    random_bytes();
    clocks();
    timers();
    others();
}
