/*
 * pid_one, solved with a handler that forwards, and waitpid() that waits.
 *
 * The handlers run in the parent only, and only once it knows the child's pid: until then all signals
 * are blocked. The main program does nothing but reap.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_NOT_RUN 127 /* as shells say it */
#define KILLED 128          /* and the number of the signal */

static const int forwarded[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH,
};

static volatile pid_t child; /* set while all signals are blocked, and not changed after that */

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Passes a signal on. kill() is async-signal-safe. */
static void forward(int signal_number)
{
    int saved_errno = errno;

    kill(child, signal_number);
    errno = saved_errno;
}

static int run(char **command)
{
    struct sigaction action = { .sa_handler = forward, .sa_flags = SA_RESTART };
    sigset_t all, old_mask;

    check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
    sigfillset(&all);
    check(sigprocmask(SIG_SETMASK, &all, &old_mask), "sigprocmask");

    pid_t pid = fork();
    check(pid, "fork");
    if (pid == 0) {
        check(sigprocmask(SIG_SETMASK, &old_mask, NULL), "sigprocmask");
        execvp(command[0], command);
        perror(command[0]);
        _exit(COMMAND_NOT_RUN);
    }
    child = pid;

    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++)
        check(sigaction(forwarded[i], &action, NULL), "sigaction");
    check(sigprocmask(SIG_SETMASK, &old_mask, NULL), "sigprocmask");

    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, 0);

        if (ended == -1 && errno == EINTR)
            continue;
        check(ended, "waitpid");
        if (ended == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s COMMAND [ARG...]\n", argv[0]);
        return 2;
    }
    return run(argv + 1);
}
