// siglab-explore: clean
// siglab-explore: alone = exits 0
// Real-time signals queue, with a value each. The handler stores values in a ring; main, who
// is its only reader, takes them out while the signal is blocked.
#include "explore.h"

enum { ROOM = 16 };
static volatile int ring[ROOM];
static volatile sig_atomic_t stored;

static void on_value(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (info->si_code == SI_QUEUE && stored < ROOM)
        ring[stored++] = info->si_value.sival_int;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_value, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    MUST(sigaction(SIGRTMIN, &action, NULL));
    for (int value = 1; value <= 3; value++)
        MUST(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = value}));
    block(SIGRTMIN);
    int sum = 0;
    for (int at = 0; at < stored; at++)
        if (ring[at] >= 1 && ring[at] <= 3)
            sum += ring[at];
    say(sum >= 6 ? "all values have arrived\n" : "a value is missing\n");
}
