// siglab-test: outcomes = one
// Two timerfds in an epoll set, level- and edge-triggered.
#include "observe.h"

int main(void) {
    int set = (int)MUST(epoll_create1(0));
    int level = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0)), edge = (int)MUST(timerfd_create(CLOCK_BOOTTIME, 0));
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, level, &(struct epoll_event){.events = EPOLLIN, .data.u32 = 1}));
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, edge, &(struct epoll_event){.events = EPOLLIN | EPOLLET, .data.u32 = 2}));
    int64_t start = now_ms();
    struct itimerspec timer = {.it_value = timespec_of_ms(150)};
    MUST(timerfd_settime(level, 0, &timer, NULL));
    timer.it_value = timespec_of_ms(50);
    MUST(timerfd_settime(edge, 0, &timer, NULL));

    struct epoll_event event = {0};
    SAY(epoll_wait(set, &event, 1, 2000));
    say("which: %d\n", (int)event.data.u32);
    elapsed("after", start, 50);
    SAY(epoll_wait(set, &event, 1, 2000)); // the edge is past
    say("which: %d\n", (int)event.data.u32);
    elapsed("after", start, 150);
    SAY(epoll_wait(set, &event, 1, 0)); // the level stays
    uint64_t expirations;
    SAY(read(level, &expirations, sizeof expirations));
    SAY(epoll_wait(set, &event, 1, 30));
}
