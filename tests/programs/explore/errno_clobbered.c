// siglab-explore: finds = errno-clobbered
// siglab-explore: may = output-corrupted
// siglab-explore: alone = exits 0
// close(2) of nothing fails with EBADF, and that is what main reads as the reason why there is
// no such file.
#include "explore.h"

static void on_sigusr1(int number) {
    (void)number;
    close(-1);
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    if (access("/nonexistent/file", R_OK) == 0)
        return 2;
    say(errno == ENOENT ? "no such file\n" : "another error\n");
}
