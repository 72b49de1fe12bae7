// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGALRM = exits 0
// A read(2) with an emergency exit: the handler jumps out of it. The signal is blocked but
// for the read, and sigsetjmp(3) saves that mask. It goes on until there was a jump.
#include "explore.h"

static sigjmp_buf out;

static void on_sigalrm(int number) {
    siglongjmp(out, number);
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    sigset_t before = block(SIGALRM);
    handle(SIGALRM, on_sigalrm, SA_RESTART);
    if (sigsetjmp(out, true) == 0) {
        char byte;
        MUST(sigprocmask(SIG_SETMASK, &before, NULL));
        ssize_t length = read(ends[0], &byte, 1);
        block(SIGALRM);
        // Nobody writes, and the handler doesn't return.
        return length == -1 ? 2 : 3;
    }
    say("no answer\n");
}
