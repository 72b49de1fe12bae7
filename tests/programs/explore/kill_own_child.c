// siglab-explore: clean
// siglab-explore: alone = exits 0
// main ends its child with SIGKILL and waits for it; SIGCHLD has a handler that only counts.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_sigchld(int number) {
    (void)number;
    seen = 1;
}

int main(void) {
    handle(SIGCHLD, on_sigchld, SA_RESTART);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        for (;;)
            pause();
    MUST(kill(child, SIGKILL));
    int status;
    MUST(waitpid(child, &status, 0));
    say(WIFSIGNALED(status) ? "the child was killed\n" : "the child ended otherwise\n");
}
