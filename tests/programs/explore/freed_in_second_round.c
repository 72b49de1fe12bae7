// siglab-explore: finds = crash, unsafe-call
// siglab-explore: alone = exits 0
// The first round goes well whenever the handler comes: there is nothing to free twice yet.
#include "explore.h"

static char *volatile cache;

static void on_sigusr1(int number) {
    (void)number;
    free(cache);
    cache = NULL;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int i = 0; i < 3; i++) {
        free(cache);
        cache = malloc(50);
    }
    say("done\n");
}
