// siglab-explore: finds = errno-clobbered
// siglab-explore: alone = exits 0
// A handler that reports to a pipe whose other end is closed: EPIPE, and nobody saved errno.
#include "explore.h"

static int ends[2];

static void on_sigusr1(int number) {
    char byte = (char)number;
    ssize_t written = write(ends[1], &byte, 1);
    (void)written;
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    MUST(pipe(ends));
    close(ends[0]);
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 0; round < 3; round++)
        say("at work\n");
}
