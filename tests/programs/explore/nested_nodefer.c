// siglab-explore: clean
// siglab-explore: alone = exits 0
// Two handlers that may interrupt each other and themselves: what they share changes in one
// step, by lock-free atomics. SIGUSR1 sends SIGUSR2 from inside.
#include "explore.h"

static atomic_int entered, left;

static void on_sigusr1(int number) {
    int before = errno;
    (void)number;
    atomic_fetch_add(&entered, 1);
    kill(getpid(), SIGUSR2);
    atomic_fetch_add(&left, 1);
    errno = before;
}

static void on_sigusr2(int number) {
    (void)number;
    atomic_fetch_add(&entered, 1);
    atomic_fetch_add(&left, 1);
}

int main(void) {
    struct sigaction action = {.sa_handler = on_sigusr2, .sa_flags = SA_NODEFER | SA_RESTART};
    sigemptyset(&action.sa_mask);
    MUST(sigaction(SIGUSR2, &action, NULL));
    action.sa_handler = on_sigusr1;
    MUST(sigaction(SIGUSR1, &action, NULL));
    kill(getpid(), SIGUSR1);
    sigset_t all;
    sigfillset(&all);
    set_mask(&all);
    // At least two handlers, and none is left half done.
    say(entered == left && entered >= 2 ? "all handlers have returned\n" : "one is missing\n");
}
