// siglab-explore: finds = killed-by-default
// siglab-explore: alone = exits 0
// SA_RESETHAND, for a signal that is expected once. One more, whenever it comes before the
// end, makes two: the second takes the default action.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigusr1(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, (int)(SA_RESETHAND | SA_NODEFER));
    say("one signal is expected\n");
    kill(getpid(), SIGUSR1);
    say("it came\n");
}
