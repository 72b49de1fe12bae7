// siglab-test: outcomes = one
// select(2) writes back what is left of its time: at a time-out, when something is ready,
// when a handler interrupts it.
#include "observe.h"

static void on_alarm(int number) {
    (void)number;
}

int main(void) {
    struct timeval time = timeval_of_ms(60);
    int64_t start = now_ms();
    SAY(select(0, NULL, NULL, NULL, &time));
    elapsed("after", start, 60);
    left("left", ms_of_timeval(time), 0);

    int ends[2];
    MUST(pipe(ends));
    if (MUST(fork()) == 0) {
        sleep_ms(100);
        MUST(write(ends[1], "x", 1));
        _exit(0);
    }
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    time = timeval_of_ms(3000);
    SAY(select(ends[0] + 1, &readable, NULL, NULL, &time));
    say("readable: %s\n", yes(FD_ISSET(ends[0], &readable)));
    left("left", ms_of_timeval(time), 2900);
    wait(NULL);

    handle(SIGALRM, on_alarm, SA_RESTART);
    alarm_in_ms(150);
    time = timeval_of_ms(3000);
    SAY(select(0, NULL, NULL, NULL, &time));
    left("left", ms_of_timeval(time), 2850);
    time = (struct timeval){.tv_sec = -1};
    SAY(select(0, NULL, NULL, NULL, &time));
    time = (struct timeval){0};
    SAY(select(ends[0] + 1, &readable, NULL, NULL, &time));
    fd_set writable;
    FD_ZERO(&writable);
    FD_SET(ends[1], &writable);
    SAY(select(ends[1] + 1, &readable, &writable, NULL, NULL));
    SAY(select(-1, NULL, NULL, NULL, &time));
}
