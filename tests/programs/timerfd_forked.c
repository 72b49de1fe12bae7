// siglab-test: outcomes = one
// A timerfd goes on in a child, which inherits the descriptor, not the timer's owner.
#include "observe.h"

int main(void) {
    int fd = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
    struct itimerspec timer = {.it_value = timespec_of_ms(90)};
    int64_t start = now_ms();
    MUST(timerfd_settime(fd, 0, &timer, NULL));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        uint64_t expirations;
        SAY(read(fd, &expirations, sizeof expirations));
        elapsed("child: after", start, 90);
        timer.it_value = timespec_of_ms(60);
        MUST(timerfd_settime(fd, 0, &timer, NULL));
        _exit(4);
    }
    reap("child", child);
    uint64_t expirations;
    SAY(read(fd, &expirations, sizeof expirations));
    elapsed("parent: after", start, 150);
}
