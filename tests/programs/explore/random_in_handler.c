// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: alone = exits 0
// random(3) has a lock around its state.
#include "explore.h"

static void on_sigusr1(int number) {
    (void)number;
    random();
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    say(random() >= 0 && random() >= 0 ? "two numbers\n" : "no numbers\n");
}
