// siglab-explore: clean
// siglab-explore: alone = exits 0
// Fully buffered stdio in main, write(2) in the handler: lines of the two may change places,
// but none is torn, as each buffer is a number of complete lines.
#include "explore.h"

static void on_sigusr1(int number) {
    (void)number;
    say("handler: SIGUSR1\n");
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int line = 1; line <= 4; line++)
        printf("main: line %d of 4\n", line);
    fflush(stdout);
    puts("main: done");
}
