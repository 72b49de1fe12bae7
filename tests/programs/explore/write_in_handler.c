// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = waits
// siglab-explore: sent SIGTERM = exits 0
// A handler that prints, with write(2); main prints with stdio, a line at a time.
#include "explore.h"

static volatile sig_atomic_t stop;

static void on_sigint(int number) {
    (void)number;
    say("handler: SIGINT\n");
}

static void on_sigterm(int number) {
    (void)number;
    stop = 1;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    handle(SIGINT, on_sigint, SA_RESTART);
    handle(SIGTERM, on_sigterm, SA_RESTART);
    printf("main: %s\n", "one");
    printf("main: %s\n", "two");
    sigset_t before = block(SIGTERM);
    while (!stop)
        sigsuspend(&before);
    printf("main: %s\n", "stopped");
}
