// siglab-explore: clean
// siglab-explore: alone = exits 0
// It goes by who it was at its start, as what takes care of fork(2) does.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen++;
}

int main(void) {
    pid_t self = getpid();
    handle(SIGUSR1, on_signal, 0);
    for (int round = 0; round < 2; round++) {
        if (getpid() != self)
            abort();
        MUST(kill(self, 0));
    }
    say("done\n");
    return 0;
}
