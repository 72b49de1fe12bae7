// siglab-test: outcomes = one
// Time-outs of epoll_wait(2), epoll_pwait(2) and epoll_pwait2(2), in ms and in ns.
#include "observe.h"

int main(void) {
    int set = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
    int ends[2];
    MUST(pipe(ends));
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &(struct epoll_event){.events = EPOLLIN, .data.u32 = 7}));
    struct epoll_event event;
    int64_t start = now_ms();
    SAY(epoll_wait(set, &event, 1, 50));
    SAY(epoll_pwait(set, &event, 1, 50, NULL));
    struct timespec time = timespec_of_ms(50);
    SAY(epoll_pwait2(set, &event, 1, &time, NULL));
    elapsed("three times 50 ms:", start, 150);
    SAY(epoll_wait(set, &event, 1, 0));
    SAY(epoll_wait(set, &event, 0, 0));
    SAY(epoll_wait(STDOUT_FILENO, &event, 1, 0));

    start = now_ms();
    if (MUST(fork()) == 0) {
        sleep_ms(80);
        MUST(write(ends[1], "x", 1));
        _exit(0);
    }
    SAY(epoll_wait(set, &event, 1, 3000));
    elapsed("after", start, 80);
    say("which: %d\n", (int)event.data.u32);
    SAY(epoll_pwait2(set, &event, 1, NULL, NULL));
    wait(NULL);
}
