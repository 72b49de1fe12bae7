// siglab-test: outcomes = one
// The self-pipe trick: a handler writes into a pipe that the main loop polls.
#include "observe.h"

static int ends[2];

static void on_signal(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(ends[1], &byte, 1);
    (void)written;
    errno = before;
}

int main(void) {
    MUST(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    handle(SIGCHLD, on_signal, SA_RESTART);
    handle(SIGTERM, on_signal, SA_RESTART);
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(80);
        kill(parent, SIGTERM);
        sleep_ms(80);
        _exit(0);
    }
    int signals = 0;
    while (signals < 2) {
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        int result = poll(&ready, 1, 3000);
        if (result == -1 && errno == EINTR)
            continue;
        unsigned char byte;
        while (read(ends[0], &byte, 1) == 1) {
            say("%s\n", signal_name(byte));
            signals++;
        }
    }
    reap("child", child);
}
