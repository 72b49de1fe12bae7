// siglab-explore: finds = killed-by-default
// siglab-explore: alone = exits 0
// As in System V: each signal takes the handler away, and the handler installs itself again.
// A second signal may be faster.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER};
    seen++;
    sigaction(number, &action, NULL);
}

int main(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER};
    MUST(sigaction(SIGUSR1, &action, NULL));
    say("first\n");
    say("second\n");
    return 0;
}
