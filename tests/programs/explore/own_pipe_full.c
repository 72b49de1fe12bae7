// siglab-explore: finds = deadlock
// siglab-explore: alone = exits 0
// The handler writes to a pipe that only the program itself reads from, and that it fills: whoever
// writes last waits for ever.
#include "explore.h"

static int ends[2];

static void on_sighup(int number) {
    (void)number;
    (void)!write(ends[1], "s", 1);
}

int main(void) {
    static char job[4096];
    char part[512];
    if (pipe(ends) == -1)
        return 1;
    fcntl(ends[1], F_SETPIPE_SZ, (int)sizeof job);
    handle(SIGHUP, on_sighup, SA_RESTART);
    (void)!write(ends[1], job, sizeof job);
    for (size_t taken = 0; taken < sizeof job;) {
        ssize_t length = read(ends[0], part, sizeof part);
        if (length > 0)
            taken += (size_t)length;
    }
    return 0;
}
