// siglab-explore: finds = unsafe-call
// siglab-explore: alone = exits 0
// snprintf(3) isn't on the list of signal-safety(7). For numbers, glibc's does nothing that
// could go wrong: a rule is broken, and nothing more happens.
#include "explore.h"

static void on_sigint(int number) {
    char line[40];
    int before = errno;
    snprintf(line, sizeof line, "handler: signal %d\n", number);
    say(line);
    errno = before;
}

int main(void) {
    handle(SIGINT, on_sigint, SA_RESTART);
    char line[40];
    snprintf(line, sizeof line, "main: %d and %d\n", 1, 2);
    say(line);
}
