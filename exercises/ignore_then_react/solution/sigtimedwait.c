/*
 * ignore_then_react, solved without a handler: while the program reacts, SIGINT is
 * blocked, and sigtimedwait() takes it.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000LL

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

/* Waits for a signal of SET until DEADLINE. Did one come? */
static bool comes_before(const sigset_t *set, long long deadline)
{
    for (;;) {
        long long left = deadline - now_ns();

        if (left < 0)
            left = 0;
        struct timespec time = { .tv_sec = left / NS_PER_SECOND, .tv_nsec = left % NS_PER_SECOND };
        int signal_number = sigtimedwait(set, NULL, &time);
        if (signal_number == -1 && errno == EINTR)
            continue; /* we were stopped and continued, say */
        if (signal_number == -1 && errno == EAGAIN)
            return false;
        check(signal_number, "sigtimedwait");
        return true;
    }
}

int main(void)
{
    sigset_t only_sigint;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&only_sigint);
    check(sigaddset(&only_sigint, SIGINT), "sigaddset");

    check(signal(SIGINT, SIG_IGN) == SIG_ERR ? -1 : 0, "signal");
    printf("ignoring\n");
    sleep(5);

    /* Blocked first: between the two calls, a SIGINT would kill. */
    long long end = now_ns() + 5 * NS_PER_SECOND;
    check(sigprocmask(SIG_BLOCK, &only_sigint, NULL), "sigprocmask");
    check(signal(SIGINT, SIG_DFL) == SIG_ERR ? -1 : 0, "signal");
    printf("reacting\n");
    if (comes_before(&only_sigint, end))
        return EXIT_SUCCESS;

    check(sigprocmask(SIG_UNBLOCK, &only_sigint, NULL), "sigprocmask");
    printf("default\n");
    sleep(5);

    check(sigprocmask(SIG_BLOCK, &only_sigint, NULL), "sigprocmask");
    printf("holding\n");
    sleep(5);

    check(sigprocmask(SIG_UNBLOCK, &only_sigint, NULL), "sigprocmask");
    return EXIT_SUCCESS;
}
