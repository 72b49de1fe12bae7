/*
 * ten_children, solved with sigtimedwait().
 *
 * SIGCHLD is blocked before there is a child, so that none is lost. It only says that
 * something has happened to some of them: who has ended is asked of waitpid(), until it
 * knows nobody more.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 10
#define DEADLINE 7 /* seconds after the start */

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* What child NUMBER does: it sleeps for half a second times its number. Two of them fail. */
static int child(int number)
{
    struct timespec time = { .tv_sec = number / 2, .tv_nsec = number % 2 * 500000000L };

    while (nanosleep(&time, &time) == -1 && errno == EINTR)
        continue;
    return number == 4 ? 1 : number == 8 ? 3 : 0;
}

#define NS_PER_SECOND 1000000000LL

/* The time in nanoseconds, on a clock that nobody can set. */
static long long now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static pid_t pids[CHILDREN]; /* 0: reaped */
static int left = CHILDREN, failed;

/* Reaps child PID, or any for -1, with waitpid()'s FLAGS. Was there one? */
static int reap(pid_t pid, int flags)
{
    int status;
    pid_t ended = waitpid(pid, &status, flags);

    check(ended, "waitpid");
    if (ended == 0)
        return 0;
    left--;
    failed += !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < CHILDREN; i++)
        if (pids[i] == ended)
            pids[i] = 0;
    return 1;
}

/* Waits for SIGCHLD until DEADLINE. Is there still time? */
static int wait_for_sigchld(const sigset_t *sigchld, long long deadline)
{
    long long rest = deadline - now_ns();

    if (rest <= 0)
        return 0;
    struct timespec time = { .tv_sec = rest / NS_PER_SECOND, .tv_nsec = rest % NS_PER_SECOND };
    if (sigtimedwait(sigchld, NULL, &time) == -1 && errno != EAGAIN && errno != EINTR)
        check(-1, "sigtimedwait");
    return 1;
}

int main(void)
{
    long long deadline = now_ns() + DEADLINE * NS_PER_SECOND;
    sigset_t sigchld;

    sigemptyset(&sigchld);
    check(sigaddset(&sigchld, SIGCHLD), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &sigchld, NULL), "sigprocmask");

    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        check(pids[i], "fork");
        if (pids[i] == 0)
            _exit(child(i + 1));
    }

    do {
        while (left > 0 && reap(-1, WNOHANG))
            continue;
    } while (left > 0 && wait_for_sigchld(&sigchld, deadline));

    for (int i = 0; i < CHILDREN; i++)
        if (pids[i] != 0)
            check(kill(pids[i], SIGKILL), "kill");
    while (left > 0)
        reap(-1, 0);
    return failed;
}
