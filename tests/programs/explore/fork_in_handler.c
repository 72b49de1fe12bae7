// siglab-explore: finds = output-corrupted
// siglab-explore: may = crash, deadlock, unsafe-call
// siglab-explore: alone = exits 0
// A child made in a handler inherits what main has in stdio's buffer, and its exit(3) writes
// it out a second time. The unsafe call is the child's, on top of the parent's handler.
#include "explore.h"

static void on_sigusr1(int number) {
    int before = errno;
    (void)number;
    if (fork() == 0)
        exit(0);
    errno = before;
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    printf("main: one\n");
    printf("main: two\n");
    block(SIGUSR1);
    while (wait(NULL) != -1)
        ;
}
