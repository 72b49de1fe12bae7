// siglab-explore: finds = crash
// siglab-explore: alone = exits 0
// Both count with a load, an addition and a store. A handler between main's load and store
// counts for nothing. `runs` is the handler's alone.
#include "explore.h"

static volatile int count;
static volatile int runs;

static void on_sigusr1(int number) {
    (void)number;
    runs++;
    count = count + 1;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 0; round < 3; round++) {
        int now = count; // two statements, so that no compiler makes one instruction of it
        count = now + 1;
    }
    block(SIGUSR1);
    if (count != 3 + runs)
        abort();
    say("every increment is there\n");
}
