// siglab-test: outcomes = one
// signalfd(2) in an epoll set beside a timerfd: an event loop.
#include "observe.h"

int main(void) {
    sigset_t set = set_of(SIGTERM, SIGHUP, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int loop = (int)MUST(epoll_create1(0)), signals = (int)MUST(signalfd(-1, &set, SFD_NONBLOCK));
    int ticks = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    struct itimerspec timer = {.it_value = timespec_of_ms(100), .it_interval = timespec_of_ms(100)};
    pid_t children[] = {send_parent(SIGHUP, 150), send_parent(SIGTERM, 350)};
    MUST(timerfd_settime(ticks, 0, &timer, NULL));
    MUST(epoll_ctl(loop, EPOLL_CTL_ADD, signals, &(struct epoll_event){.events = EPOLLIN, .data.fd = signals}));
    MUST(epoll_ctl(loop, EPOLL_CTL_ADD, ticks, &(struct epoll_event){.events = EPOLLIN, .data.fd = ticks}));
    for (bool on = true; on;) {
        struct epoll_event event;
        MUST(epoll_wait(loop, &event, 1, -1));
        if (event.data.fd == ticks) {
            uint64_t expirations;
            MUST(read(ticks, &expirations, sizeof expirations));
            say("tick\n");
        } else {
            struct signalfd_siginfo info;
            MUST(read(signals, &info, sizeof info));
            int from = (pid_t)info.ssi_pid == children[0] ? 1 : (pid_t)info.ssi_pid == children[1] ? 2 : 0;
            say("%s from child %d\n", signal_name((int)info.ssi_signo), from);
            on = info.ssi_signo != SIGTERM;
        }
    }
    reap("child", children[0]);
    reap("child", children[1]);
}
