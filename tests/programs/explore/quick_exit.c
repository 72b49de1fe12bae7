// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGQUIT = exits 3
// A handler that ends the program itself, with _exit(2). All output was written before.
#include "explore.h"

static void on_sigquit(int number) {
    _exit(number);
}

int main(void) {
    printf("waiting for the end\n");
    fflush(stdout);
    handle(SIGQUIT, on_sigquit, 0);
    for (;;)
        pause();
}
