// siglab-explore: finds = hang
// siglab-explore: alone = exits 0
// A lock without a system call: the handler spins until main gives it back, for ever.
#include "explore.h"

static atomic_flag taken = ATOMIC_FLAG_INIT;
static int count;

static void add(void) {
    while (atomic_flag_test_and_set(&taken))
        ;
    count++;
    atomic_flag_clear(&taken);
}

static void on_sigusr1(int number) {
    (void)number;
    add();
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    add();
    add();
    say("two rounds\n");
}
