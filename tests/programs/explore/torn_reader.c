// siglab-explore: finds = crash
// siglab-explore: alone = exits 0
// The handler writes two words, main reads them: the other way round than torn_pair.
#include "explore.h"

static volatile long first = 1, second = 1;

static void on_sigusr1(int number) {
    first += number;
    second += number;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 0; round < 3; round++) {
        long one = first;
        long other = second;
        if (one != other)
            abort();
    }
    say("never torn\n");
}
