// siglab-test: outcomes = one
// timerfd: blocking and non-blocking reads, poll, gettime, a time that is past.
#include "observe.h"

static int count(int fd) {
    uint64_t expirations = 0;
    ssize_t length = read(fd, &expirations, sizeof expirations);
    return length == sizeof expirations ? (int)expirations : -1;
}

int main(void) {
    int fd = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    struct itimerspec timer = {.it_value = timespec_of_ms(80)}, now;
    int64_t start = now_ms();
    SAY(timerfd_settime(fd, 0, &timer, NULL));
    SAY(timerfd_gettime(fd, &now));
    left("left", ms_of_timespec(now.it_value), 80);
    say("blocking: %d\n", count(fd));
    elapsed("after", start, 80);

    MUST(fcntl(fd, F_SETFL, O_NONBLOCK));
    SAY(count(fd));
    start = now_ms();
    MUST(timerfd_settime(fd, 0, &timer, NULL));
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    SAY(poll(&ready, 1, 20));
    SAY(poll(&ready, 1, 1000));
    elapsed("after", start, 80);
    say("readable: %s, %d\n", yes(ready.revents == POLLIN), count(fd));
    SAY(poll(&ready, 1, 0));

    timer.it_value = (struct timespec){.tv_sec = 1};
    MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL));
    SAY(poll(&ready, 1, 0));
    SAY(count(fd));
    MUST(timerfd_gettime(fd, &now));
    left("over:", ms_of_timespec(now.it_value), 0);
    char small[4];
    SAY(read(fd, small, sizeof small));
    SAY(write(fd, small, sizeof small));
    SAY(timerfd_create(77, 0));
    SAY(timerfd_settime(STDOUT_FILENO, 0, &timer, NULL));
    timer.it_value.tv_nsec = -1;
    SAY(timerfd_settime(fd, 0, &timer, NULL));
}
