// siglab-explore: finds = crash, unsafe-call
// siglab-explore: alone = exits 0
// The handler throws a cache away while main is about to do the same: freed twice.
#include "explore.h"

static char *volatile cache;

static void on_sigusr1(int number) {
    (void)number;
    free(cache);
    cache = NULL;
}

int main(void) {
    cache = malloc(40);
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    free(cache);
    cache = malloc(40);
    free(cache);
    cache = NULL;
    say("done\n");
}
