// siglab-explore: finds = crash, unsafe-call
// siglab-explore: may = output-corrupted
// siglab-explore: alone = exits 0
// getenv(3) gives a pointer into the environment; the handler takes the variable away.
#include "explore.h"

static void on_sighup(int number) {
    (void)number;
    unsetenv("CORPUS");
}

int main(void) {
    static char variable[] = "CORPUS=value";
    MUST(putenv(variable));
    handle(SIGHUP, on_sighup, SA_RESTART);
    if (getenv("CORPUS") != NULL) {
        size_t length = strlen(getenv("CORPUS"));
        say(length == 5 ? "the variable is there\n" : "it has changed\n");
    }
}
