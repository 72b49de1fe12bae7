// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGUSR1 = exits 0
// With SA_RESTART a read of a pipe and a wait for a child go on after the handler.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sigusr1(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        close(ends[0]);
        usleep(1000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    close(ends[1]);
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    char byte;
    MUST(read(ends[0], &byte, 1));
    MUST(waitpid(child, NULL, 0));
    say(byte == 'x' ? "the byte came, and the child went\n" : "another byte\n");
}
