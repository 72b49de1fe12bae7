// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash
// siglab-explore: alone = exits 0
// The environment has a lock: setenv(3) in main and unsetenv(3) in the handler.
#include "explore.h"

static void on_sighup(int number) {
    (void)number;
    unsetenv("CORPUS");
}

int main(void) {
    handle(SIGHUP, on_sighup, SA_RESTART);
    MUST(setenv("CORPUS", "1", 1));
    MUST(unsetenv("CORPUS"));
    say("set and unset\n");
}
