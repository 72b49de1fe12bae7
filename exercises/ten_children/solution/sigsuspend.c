/*
 * ten_children, solved with two handlers and sigsuspend().
 *
 * The handler of SIGCHLD reaps all that have ended: SIGCHLDs merge, so it asks until
 * nobody is left. Both signals are blocked but for sigsuspend(), so they can't come
 * between a look at what the handlers have noted and the wait.
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

static pid_t pids[CHILDREN]; /* 0: reaped. Changed while the signals are blocked, or by handlers. */
static volatile sig_atomic_t left = CHILDREN, failed;

static void on_sigchld(int signal_number)
{
    int saved_errno = errno, status;
    pid_t ended;

    (void)signal_number;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        left--;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            failed++;
        for (int i = 0; i < CHILDREN; i++)
            if (pids[i] == ended)
                pids[i] = 0;
    }
    errno = saved_errno;
}

/* The time is up. Whoever is killed here is reaped by the other handler. */
static void on_sigalrm(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    for (int i = 0; i < CHILDREN; i++)
        if (pids[i] != 0)
            kill(pids[i], SIGKILL);
    errno = saved_errno;
}

int main(void)
{
    struct sigaction action = { .sa_flags = SA_NOCLDSTOP };
    sigset_t ours, before;

    sigemptyset(&ours);
    check(sigaddset(&ours, SIGCHLD), "sigaddset");
    check(sigaddset(&ours, SIGALRM), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &ours, &before), "sigprocmask");
    action.sa_mask = ours;
    action.sa_handler = on_sigchld;
    check(sigaction(SIGCHLD, &action, NULL), "sigaction");
    action.sa_handler = on_sigalrm;
    check(sigaction(SIGALRM, &action, NULL), "sigaction");

    alarm(DEADLINE);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        check(pids[i], "fork");
        if (pids[i] == 0)
            _exit(child(i + 1));
    }

    while (left > 0)
        sigsuspend(&before);
    return failed;
}
