// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
// The handler passes the signal on to the child. The child's pid must stay its own as long as
// the handler may use it: so main first waits without reaping, and reaps with SIGTERM blocked.
#include "explore.h"

static pid_t child;

static void on_sigterm(int number) {
    int before = errno;
    kill(child, number);
    errno = before;
}

int main(void) {
    sigset_t before = block(SIGTERM);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        // The default action ends it, now or when the mask allows it.
        for (;;)
            sigsuspend(&before);
    }
    handle(SIGTERM, on_sigterm, SA_RESTART);
    set_mask(&before);
    siginfo_t info;
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == -1)
        if (errno != EINTR)
            return 2;
    block(SIGTERM);
    int status;
    MUST(waitpid(child, &status, 0));
    say(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? "the child was terminated\n"
                                                            : "the child ended otherwise\n");
}
