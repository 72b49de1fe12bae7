/*
 * wait_with_timeout, solved with sigwait() and alarm().
 *
 * sigwait() has no time limit. But the end of the time can be a signal, too: SIGALRM is
 * one of those that are waited for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 2    /* seconds */
#define TOO_LATE 3 /* the exit status when there was no beat */

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
    static const int waited_for[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGALRM };
    sigset_t set;
    int beats = 0;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof waited_for / sizeof waited_for[0]; i++)
        check(sigaddset(&set, waited_for[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");

    alarm(LIMIT);
    for (;;) {
        int signal_number;
        int error = sigwait(&set, &signal_number); /* returns the error, and never EINTR */

        if (error != 0) {
            fprintf(stderr, "sigwait: %s\n", strerror(error));
            return EXIT_FAILURE;
        }
        switch (signal_number) {
        case SIGUSR1:
            beats++;
            alarm(LIMIT); /* takes the place of the one before */
            break;
        case SIGUSR2:
            printf("beats: %d\n", beats);
            break;
        case SIGTERM:
            return EXIT_SUCCESS;
        case SIGALRM:
            return TOO_LATE;
        }
    }
}
