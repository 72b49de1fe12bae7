/*
 * ignore_then_react, solved with a flag: the handler sets it, and pselect() unblocks
 * SIGINT and waits in one step. So between looking at the flag and going to sleep
 * nothing can slip through.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

static volatile sig_atomic_t interrupted;

static void take_note(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static void set_disposition(void (*disposition)(int))
{
    struct sigaction action = { .sa_handler = disposition, .sa_flags = 0 };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL), "sigaction");
}

int main(void)
{
    const struct timespec five_seconds = { .tv_sec = 5, .tv_nsec = 0 };
    sigset_t only_sigint, before;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&only_sigint);
    check(sigaddset(&only_sigint, SIGINT), "sigaddset");

    set_disposition(SIG_IGN);
    printf("ignoring\n");
    sleep(5);

    check(sigprocmask(SIG_BLOCK, &only_sigint, &before), "sigprocmask");
    set_disposition(take_note);
    printf("reacting\n");
    if (pselect(0, NULL, NULL, NULL, &five_seconds, &before) == -1 && errno != EINTR)
        check(-1, "pselect");
    if (interrupted)
        return EXIT_SUCCESS;

    set_disposition(SIG_DFL);
    check(sigprocmask(SIG_SETMASK, &before, NULL), "sigprocmask");
    printf("default\n");
    sleep(5);

    check(sigprocmask(SIG_BLOCK, &only_sigint, NULL), "sigprocmask");
    printf("holding\n");
    sleep(5);

    check(sigprocmask(SIG_SETMASK, &before, NULL), "sigprocmask");
    return EXIT_SUCCESS;
}
