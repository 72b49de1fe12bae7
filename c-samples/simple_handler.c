/*
 * simple_handler: for five seconds this program handles SIGINT itself.
 *
 * In the first half Ctrl+C runs a function of ours, the handler. In the second
 * half SIGINT has its default disposition again, and Ctrl+C terminates.
 *
 * Manual pages: sigaction(2), signal(7), signal-safety(7).
 */
#include <errno.h>
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

/*
 * Runs when SIGINT is delivered, wherever the program happens to be at that
 * moment: perhaps in the middle of a printf. So only async-signal-safe functions
 * may be called here. write() is one of them, printf() is not.
 */
static void on_sigint(int signal_number)
{
    static const char line[] = "handler: caught SIGINT\n";
    int saved_errno = errno; /* the interrupted code may be about to read it */

    (void)signal_number;
    if (write(STDOUT_FILENO, line, sizeof line - 1) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

int main(void)
{
    /* Every line goes out when it is complete, on a pipe as on a terminal. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    printf("simple_handler: my pid is %d\n", (int)getpid());
    printf("simple_handler: for 5 seconds I handle SIGINT (Ctrl+C) myself\n");

    struct sigaction action = { .sa_handler = on_sigint, .sa_flags = 0 };
    sigemptyset(&action.sa_mask); /* block nothing more while the handler runs */
    check(sigaction(SIGINT, &action, NULL), "sigaction");

    for (int second = 1; second <= 5; second++) {
        printf("simple_handler: %d of 5\n", second);
        /* A handled signal cuts the sleep short: sleep() never restarts. */
        sleep(1);
    }

    action.sa_handler = SIG_DFL;
    check(sigaction(SIGINT, &action, NULL), "sigaction");
    printf("simple_handler: SIGINT has its default disposition again, for 5 seconds\n");
    sleep(5);

    printf("simple_handler: nothing more came, goodbye\n");
    return EXIT_SUCCESS;
}
