// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = exits 0
// It looks whether its child has ended, and then waits for its signal. In between, the child
// may end, and there is no other signal to come.
#include "explore.h"

static volatile sig_atomic_t ended;

static void on_signal(int number) {
    (void)number;
    ended = 1;
}

int main(void) {
    handle(SIGCHLD, on_signal, 0);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        _exit(0);
    while (!ended)
        pause();
    say("done\n");
    return 0;
}
