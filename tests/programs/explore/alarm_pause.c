// siglab-explore: clean
// siglab-explore: alone = exits 0
// pause(2) is safe where nothing depends on the moment: all the work is in the handler, and
// it also ends the program.
#include "explore.h"

static volatile sig_atomic_t rounds;

static void on_sigalrm(int number) {
    (void)number;
    if (++rounds >= 3)
        _exit(0);
}

int main(void) {
    say("three rounds, then the end\n");
    handle(SIGALRM, on_sigalrm, SA_RESTART);
    tick_every(1);
    for (;;)
        pause();
}
