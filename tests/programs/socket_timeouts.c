// siglab-test: outcomes = one
// SO_RCVTIMEO and SO_SNDTIMEO: EAGAIN at the time-out; a handler interrupts whatever
// SA_RESTART says.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    struct timeval time = timeval_of_ms(80);
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    socklen_t length = sizeof time;
    MUST(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, &length));
    say_seconds("SO_RCVTIMEO", ms_of_timeval(time));
    char buffer[4096] = {0};
    int64_t start = now_ms();
    SAY(recv(ends[0], buffer, sizeof buffer, 0));
    elapsed("after", start, 80);
    start = now_ms();
    SAY(read(ends[0], buffer, sizeof buffer));
    elapsed("after", start, 80);
    while (send(ends[0], buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
    }
    say("full: %s\n", error_name(errno));
    start = now_ms();
    SAY(send(ends[0], buffer, sizeof buffer, 0));
    elapsed("after", start, 80);

    time = timeval_of_ms(2000);
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    handle(SIGALRM, on_alarm, SA_RESTART);
    alarm_in_ms(150);
    start = now_ms();
    SAY(recv(ends[0], buffer, sizeof buffer, 0));
    elapsed("after", start, 150);
    start = now_ms();
    if (MUST(fork()) == 0) {
        sleep_ms(100);
        MUST(write(ends[1], "abc", 3));
        _exit(0);
    }
    SAY(recv(ends[0], buffer, sizeof buffer, 0));
    elapsed("after", start, 100);
    wait(NULL);
    // Without a time-out the read goes on after the handler.
    time = (struct timeval){0};
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    start = now_ms();
    if (MUST(fork()) == 0) {
        sleep_ms(200);
        MUST(write(ends[1], "ab", 2));
        _exit(0);
    }
    alarm_in_ms(100);
    SAY(recv(ends[0], buffer, sizeof buffer, 0));
    elapsed("after", start, 200);
    wait(NULL);
    say("caught %d\n", (int)caught);
}
