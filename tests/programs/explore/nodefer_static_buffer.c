// siglab-explore: finds = output-corrupted
// siglab-explore: alone = exits 0
// SA_NODEFER lets a handler interrupt itself: both runs write the same static buffer.
#include "explore.h"

static void on_sigusr1(int number) {
    static char line[8];
    static volatile int used;
    (void)number;
    used = 0;
    for (const char *from = "caught\n"; *from; from++) {
        line[used] = *from;
        used = used + 1;
    }
    line[used] = '\0';
    say(line);
    used = 0;
}

int main(void) {
    struct sigaction action = {.sa_handler = on_sigusr1, .sa_flags = SA_NODEFER | SA_RESTART};
    sigemptyset(&action.sa_mask);
    MUST(sigaction(SIGUSR1, &action, NULL));
    kill(getpid(), SIGUSR1);
    say("main: done\n");
}
