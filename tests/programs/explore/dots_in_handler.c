// siglab-explore: clean
// siglab-explore: alone = exits 0
// The handler writes less than a line, each time to the stream that nobody else uses.
#include "explore.h"

static void on_signal(int number) {
    (void)number;
    int before = errno;
    ssize_t written = write(STDERR_FILENO, "tick ", 5);
    (void)written;
    errno = before;
}

int main(void) {
    handle(SIGUSR1, on_signal, SA_NODEFER);
    say("the first line\n");
    say("the second line\n");
    return 0;
}
