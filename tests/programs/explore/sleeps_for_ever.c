// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// A wait with a time-out that nobody lives to see.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen = 1;
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    while (!seen) {
        struct timespec long_time = {.tv_sec = 1000000000};
        nanosleep(&long_time, NULL);
    }
    say("done\n");
    return 0;
}
