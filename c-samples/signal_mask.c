/*
 * signal_mask: for five seconds SIGINT is blocked.
 *
 * A blocked signal is not lost and not ignored: it stays pending until the
 * process unblocks it. Pending is a yes or a no, not a count: press Ctrl+C once
 * or ten times, the result is the same.
 *
 * Manual pages: sigprocmask(2), sigpending(2), signal(7).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    /* Every line goes out when it is complete, on a pipe as on a terminal. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    sigset_t only_sigint;
    sigemptyset(&only_sigint);
    check(sigaddset(&only_sigint, SIGINT), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &only_sigint, NULL), "sigprocmask");

    printf("signal_mask: my pid is %d\n", (int)getpid());
    printf("signal_mask: SIGINT (Ctrl+C) is blocked for 5 seconds\n");
    /* A blocked signal does not interrupt the sleep. */
    sleep(5);

    sigset_t pending;
    check(sigpending(&pending), "sigpending");
    int is_pending = sigismember(&pending, SIGINT);
    check(is_pending, "sigismember");

    if (is_pending) {
        printf("signal_mask: SIGINT is pending, now I unblock it\n");
        /* It is delivered before sigprocmask() returns, and we die of it. */
        check(sigprocmask(SIG_UNBLOCK, &only_sigint, NULL), "sigprocmask");
        printf("signal_mask: still here: my starter told me to ignore SIGINT\n");
    } else {
        printf("signal_mask: SIGINT did not come\n");
    }
    return EXIT_SUCCESS;
}
