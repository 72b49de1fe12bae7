// siglab-explore: finds = killed-by-default
// siglab-explore: alone = exits 0
// The child has its parent's handler, gives it up for a while, and takes it again.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen = 1;
}

int main(void) {
    handle(SIGTERM, on_signal, SA_RESTART);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGTERM, SIG_DFL, 0);
        say("in the window\n");
        handle(SIGTERM, on_signal, SA_RESTART);
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    say("done\n");
    return 0;
}
