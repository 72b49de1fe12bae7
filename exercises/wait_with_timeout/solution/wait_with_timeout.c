/*
 * wait_with_timeout, solved with sigtimedwait().
 *
 * The signals are blocked once, before the loop, and stay so: whatever comes between two
 * waits stays pending, and the next wait takes it. The limit is a moment, not a
 * duration: each wait gets what is left until then.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Takes a signal of SET. Waits for one until DEADLINE, and returns 0 if none came. */
static int next_signal(const sigset_t *set, long long deadline)
{
    for (;;) {
        long long left = deadline - now_ns();

        if (left < 0)
            left = 0; /* takes what is pending, and does not wait */
        struct timespec time = { .tv_sec = left / NS_PER_SECOND, .tv_nsec = left % NS_PER_SECOND };
        int signal_number = sigtimedwait(set, NULL, &time);
        if (signal_number == -1 && errno == EINTR)
            continue; /* we were stopped and continued, say */
        if (signal_number == -1 && errno == EAGAIN)
            return 0;
        check(signal_number, "sigtimedwait");
        return signal_number;
    }
}

int main(void)
{
    sigset_t set;
    int beats = 0;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    long long deadline = now_ns() + LIMIT;
    sigemptyset(&set);
    check(sigaddset(&set, SIGUSR1), "sigaddset");
    check(sigaddset(&set, SIGUSR2), "sigaddset");
    check(sigaddset(&set, SIGTERM), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");

    for (;;) {
        switch (next_signal(&set, deadline)) {
        case SIGUSR1:
            beats++;
            deadline = now_ns() + LIMIT;
            break;
        case SIGUSR2:
            printf("beats: %d\n", beats);
            break;
        case SIGTERM:
            return EXIT_SUCCESS;
        default:
            return TOO_LATE;
        }
    }
}
