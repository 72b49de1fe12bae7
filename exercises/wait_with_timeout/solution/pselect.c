/*
 * wait_with_timeout, solved with handlers and pselect().
 *
 * The signals are blocked, and pselect() unblocks them while it waits, in one step. So
 * no handler runs between a look at the flags and the wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL
#define LIMIT (2 * NS_PER_SECOND)
#define TOO_LATE 3 /* the exit status when there was no beat */

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* The time in nanoseconds, on a clock that nobody can set. */
static long long now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static volatile sig_atomic_t got_beat, got_request, got_end;

static void take_note(int signal_number)
{
    if (signal_number == SIGUSR1)
        got_beat = 1;
    else if (signal_number == SIGUSR2)
        got_request = 1;
    else
        got_end = 1;
}

int main(void)
{
    static const int watched[] = { SIGUSR1, SIGUSR2, SIGTERM };
    struct sigaction action = { .sa_handler = take_note, .sa_flags = 0 };
    sigset_t blocked, while_waiting;
    int beats = 0;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    long long deadline = now_ns() + LIMIT;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaddset(&blocked, watched[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &blocked, &while_waiting), "sigprocmask");
    action.sa_mask = blocked;
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaction(watched[i], &action, NULL), "sigaction");

    for (;;) {
        long long left = deadline - now_ns();
        struct timespec time = { 0 };

        if (left > 0)
            time = (struct timespec){ left / NS_PER_SECOND, left % NS_PER_SECOND };
        int ready = pselect(0, NULL, NULL, NULL, &time, &while_waiting);
        if (ready == -1 && errno != EINTR)
            check(ready, "pselect");

        if (got_end)
            return EXIT_SUCCESS;
        if (got_beat) {
            beats++;
            deadline = now_ns() + LIMIT;
        }
        if (got_request)
            printf("beats: %d\n", beats);
        got_beat = got_request = 0;
        if (now_ns() >= deadline)
            return TOO_LATE;
    }
}
