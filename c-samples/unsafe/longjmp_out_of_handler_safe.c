// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
/*
 * longjmp_out_of_handler_safe: a handler that leaves by siglongjmp(), out of one read().
 *
 * SIGINT is blocked except around the read(), where only async-signal-safe functions can be
 * interrupted, and where main() is prepared for the jump. As sigsetjmp() has saved the mask,
 * SIGINT is blocked again after it. So nothing is left half done, and no signal is lost:
 * one that comes early is pending until main() is ready for it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static sigjmp_buf interrupted;

static void on_sigint(int signal_number)
{
    siglongjmp(interrupted, signal_number);
}

int main(void)
{
    sigset_t blocked, before;
    int ends[2];

    if (pipe(ends) == -1) { /* nobody will ever write to it */
        perror("pipe");
        return EXIT_FAILURE;
    }
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);

    struct sigaction action = { .sa_handler = on_sigint };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    if (sigsetjmp(interrupted, 1) == 0) {
        char byte;
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (read(ends[0], &byte, 1) == -1)
            return EXIT_FAILURE; /* not reached: the handler doesn't return */
        sigprocmask(SIG_BLOCK, &blocked, NULL);
    } else {
        puts("main: SIGINT has ended the read");
    }
    return EXIT_SUCCESS;
}
