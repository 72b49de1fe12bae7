// siglab-explore: clean
// siglab-explore: alone = exits 0
// The handler is there for a part of the program only; afterwards what was before is put back.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigint(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    struct sigaction ours = {.sa_handler = on_sigint, .sa_flags = SA_RESTART}, before;
    sigemptyset(&ours.sa_mask);
    MUST(sigaction(SIGINT, &ours, &before));
    say("a part that can't be cancelled\n");
    MUST(sigaction(SIGINT, &before, NULL));
    say(caught ? "it was asked for\n" : "");
}
