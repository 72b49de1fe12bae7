// siglab-explore: clean
// siglab-explore: alone = exits 0
// A child inherits handlers. This one puts the default back before anything else, with the
// signal blocked since before the fork, so that the parent's handler never runs in it.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigusr1(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    sigset_t before = block(SIGUSR1);
    int caught_here = caught;
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        signal(SIGUSR1, SIG_DFL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        _exit(caught != caught_here);
    }
    set_mask(&before);
    int status;
    MUST(waitpid(child, &status, 0));
    say(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "a clean child\n" : "its handler has run there\n");
}
