// siglab-explore: finds = crash, deadlock, output-corrupted, unsafe-call
// siglab-explore: alone = exits 0
// fputs(3) to the same stream in main and in the handler.
#include "explore.h"

static void on_sigint(int number) {
    (void)number;
    fputs("handler\n", stdout);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    handle(SIGINT, on_sigint, SA_RESTART);
    fputs("main: one\n", stdout);
    fputs("main: two\n", stdout);
}
