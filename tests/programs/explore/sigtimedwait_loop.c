// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGUSR1 = exits 0
// sigtimedwait(2) three times, for 2 ms each. SIGUSR1 is always blocked and has no handler;
// SIGUSR2 has one, and a wait that it interrupts is just shorter.
#include "explore.h"

static volatile sig_atomic_t others;

static void on_sigusr2(int number) {
    (void)number;
    others = 1;
}

int main(void) {
    block(SIGUSR1);
    handle(SIGUSR2, on_sigusr2, SA_RESTART);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    for (int round = 0; round < 3; round++) {
        struct timespec limit = {.tv_nsec = 2000000};
        int number = sigtimedwait(&wanted, NULL, &limit);
        if (number == SIGUSR1)
            say("accepted SIGUSR1\n");
        else if (errno != EAGAIN && errno != EINTR)
            return 2;
    }
    say("three rounds\n");
}
