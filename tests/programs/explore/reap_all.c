// siglab-explore: clean
// siglab-explore: alone = exits 0
// A SIGCHLD handler that reaps all children that have ended, and saves errno.
#include "explore.h"

static volatile sig_atomic_t left = 4;

static void on_sigchld(int number) {
    int before = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        left--;
    errno = before;
}

int main(void) {
    handle(SIGCHLD, on_sigchld, SA_RESTART);
    sigset_t before = block(SIGCHLD);
    for (int child = 0; child < 4; child++)
        if (MUST(fork()) == 0)
            _exit(0);
    while (left > 0)
        sigsuspend(&before);
    say("all reaped\n");
}
