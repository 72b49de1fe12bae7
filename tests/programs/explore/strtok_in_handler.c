// siglab-explore: finds = output-corrupted, unsafe-call
// siglab-explore: may = crash
// siglab-explore: alone = exits 0
// strtok(3) remembers where it was in one static variable, for main and handler together.
#include "explore.h"

static void on_sigusr1(int number) {
    static char line[] = "x y";
    (void)number;
    strtok(line, " ");
}

int main(void) {
    char line[] = "one\n two\n three\n";
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        say(word);
}
