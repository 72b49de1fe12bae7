/*
 * ignore_then_react, solved with dispositions: ignore, a handler, default; then a mask.
 *
 * The handler ends the program itself. So there is no flag that somebody would have to
 * look at, and no moment at which a signal could be missed.
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

/* exit() would run functions that are not async-signal-safe; _exit() does not. */
static void leave(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_SUCCESS);
}

static void set_disposition(void (*disposition)(int))
{
    struct sigaction action = { .sa_handler = disposition, .sa_flags = 0 };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL), "sigaction");
}

int main(void)
{
    sigset_t only_sigint;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&only_sigint);
    check(sigaddset(&only_sigint, SIGINT), "sigaddset");

    set_disposition(SIG_IGN);
    printf("ignoring\n");
    sleep(5);

    set_disposition(leave);
    printf("reacting\n");
    sleep(5);

    set_disposition(SIG_DFL);
    printf("default\n");
    sleep(5);

    check(sigprocmask(SIG_BLOCK, &only_sigint, NULL), "sigprocmask");
    printf("holding\n");
    sleep(5);

    /* If one is pending, its default action comes now: this call does not return. */
    check(sigprocmask(SIG_UNBLOCK, &only_sigint, NULL), "sigprocmask");
    return EXIT_SUCCESS;
}
