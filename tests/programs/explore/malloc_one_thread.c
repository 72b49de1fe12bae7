// siglab-explore: finds = crash, unsafe-call
// siglab-explore: may = deadlock, hang
// siglab-explore: alone = exits 0
// With one thread glibc's malloc(3) usually takes no lock: the handler gets in while main cuts a
// block off the heap, and both think that the rest is theirs.
#include "explore.h"

static char *volatile mine, *volatile handlers;

static void on_sigusr1(int number) {
    handlers = malloc(5000);
    if (handlers)
        memset(handlers, number, 5000);
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 1; round <= 2; round++) {
        mine = malloc(3000);
        if (mine == NULL)
            return 2;
        memset(mine, round, 3000);
    }
    // A last one: it looks at what the others have left.
    mine = malloc(200000);
    free(mine);
    say("three blocks\n");
}
