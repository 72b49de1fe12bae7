// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
// As check_then_pause, with poll(2): it would return EINTR, had it begun before the signal.
#include "explore.h"

static volatile sig_atomic_t stop;

static void on_sigterm(int number) {
    (void)number;
    stop = 1;
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    handle(SIGTERM, on_sigterm, 0);
    while (!stop) {
        struct pollfd ready = {.fd = ends[0], .events = POLLIN};
        poll(&ready, 1, -1);
    }
    say("stopped\n");
}
