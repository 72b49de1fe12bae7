// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = waits
// The handler notes that the program is to end, and the read of a pipe goes on by itself (SA_RESTART).
#include "explore.h"

static volatile sig_atomic_t leaving;

static void on_sigterm(int number) {
    (void)number;
    leaving = 1;
}

int main(void) {
    int ends[2];
    char byte;
    if (pipe(ends) == -1)
        return 1;
    handle(SIGTERM, on_sigterm, SA_RESTART);
    while (!leaving && read(ends[0], &byte, 1) > 0)
        continue;
    return 0;
}
