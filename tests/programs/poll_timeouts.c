// siglab-test: outcomes = one
// Time-outs of poll(2) and ppoll(2), and what ends them sooner.
#include "observe.h"

int main(void) {
    int64_t start = now_ms();
    SAY(poll(NULL, 0, 60));
    elapsed("after", start, 60);
    SAY(poll(NULL, 0, 0));
    struct timespec time = timespec_of_ms(70);
    start = now_ms();
    SAY(ppoll(NULL, 0, &time, NULL));
    elapsed("after", start, 70);
    time.tv_nsec = -1;
    SAY(ppoll(NULL, 0, &time, NULL));

    int ends[2];
    MUST(pipe(ends));
    start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        close(ends[0]);
        sleep_ms(100);
        MUST(write(ends[1], "x", 1));
        sleep_ms(100);
        _exit(0);
    }
    close(ends[1]);
    struct pollfd ready[] = {{.fd = ends[0], .events = POLLIN}, {.fd = -1}, {.fd = 999}};
    SAY(poll(ready, 2, 3000));
    elapsed("after", start, 100);
    say("readable: %s\n", yes(ready[0].revents == POLLIN));
    char byte;
    SAY(read(ends[0], &byte, 1));
    SAY(poll(ready, 2, -1));
    elapsed("after", start, 200);
    say("hung up: %s\n", yes(ready[0].revents == POLLHUP));
    SAY(poll(ready, 3, -1));
    say("not open: %s\n", yes(ready[2].revents == POLLNVAL));
    reap("child", child);
}
