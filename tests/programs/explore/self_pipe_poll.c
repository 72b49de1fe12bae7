// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
// The self-pipe trick: the handler makes a descriptor readable, and poll(2) waits for it.
// The pipe is not blocking, so a handler never waits when it is full: there is something
// to read then anyway.
#include "explore.h"

static int ends[2];

static void on_sigterm(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(ends[1], &byte, 1);
    (void)written;
    errno = before;
}

int main(void) {
    MUST(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    handle(SIGTERM, on_sigterm, SA_RESTART);
    for (;;) {
        unsigned char byte;
        if (read(ends[0], &byte, 1) == 1)
            break;
        // EINTR from here or from read: go round again, there is a byte then.
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        if (poll(&ready, 1, -1) == -1 && errno != EINTR)
            return 2;
    }
    say("asked to stop\n");
}
