// siglab-explore: finds = output-corrupted
// siglab-explore: alone = exits 0
// The main program writes its lines in two halves.
#include "explore.h"

static void on_signal(int number) {
    (void)number;
    say("the handler's line\n");
}

int main(void) {
    handle(SIGUSR1, on_signal, SA_RESTART);
    for (int round = 0; round < 3; round++) {
        say("this line is ");
        say("in two halves\n");
    }
    return 0;
}
