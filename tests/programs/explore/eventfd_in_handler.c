// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
// As a self-pipe, with an eventfd(2): it counts, and can't get full by signals.
#include "explore.h"

static int events;

static void on_sigint(int number) {
    int before = errno;
    uint64_t one = 1;
    (void)number;
    ssize_t written = write(events, &one, sizeof one);
    (void)written;
    errno = before;
}

int main(void) {
    events = (int)MUST(eventfd(0, EFD_CLOEXEC));
    handle(SIGINT, on_sigint, SA_RESTART);
    uint64_t count = 0;
    while (read(events, &count, sizeof count) == -1)
        if (errno != EINTR)
            return 2;
    say(count >= 1 ? "an event\n" : "no event\n");
}
