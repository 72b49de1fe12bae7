// siglab-explore: finds = killed-by-default
// siglab-explore: alone = exits 0
// The parent sends its child a signal, and doesn't know whether the child is ready for it.
#include "explore.h"

static void on_signal(int number) {
    (void)number;
    say("the child was asked to end\n");
    _exit(0);
}

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGTERM, on_signal, 0);
        for (;;)
            pause();
    }
    MUST(kill(child, SIGTERM));
    MUST(waitpid(child, NULL, 0));
    say("done\n");
    return 0;
}
