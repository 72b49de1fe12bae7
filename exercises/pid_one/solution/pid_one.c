/*
 * pid_one, solved with sigwaitinfo().
 *
 * All signals of interest are blocked before the child exists, and stay blocked in init. So none
 * is lost, whenever it comes: it is pending until init takes it.
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

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* What init exits with if its child ended with STATUS, which comes from waitpid(). */
static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

/* Starts COMMAND with the signal mask MASK. Returns the child's pid. */
static pid_t start(char **command, const sigset_t *mask)
{
    pid_t pid = fork();

    check(pid, "fork");
    if (pid == 0) {
        /* The mask survives exec: a command that blocks SIGTERM could not be stopped. */
        check(sigprocmask(SIG_SETMASK, mask, NULL), "sigprocmask");
        execvp(command[0], command);
        perror(command[0]);
        _exit(COMMAND_NOT_RUN);
    }
    return pid;
}

static int run(char **command)
{
    sigset_t watched, old_mask;

    check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
    sigemptyset(&watched);
    check(sigaddset(&watched, SIGCHLD), "sigaddset");
    for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++)
        check(sigaddset(&watched, forwarded[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &watched, &old_mask), "sigprocmask");

    pid_t child = start(command, &old_mask);

    for (;;) {
        int signal_number = sigwaitinfo(&watched, NULL);

        if (signal_number == -1 && errno == EINTR)
            continue; /* we were stopped and continued, say */
        check(signal_number, "sigwaitinfo");
        if (signal_number != SIGCHLD) {
            check(kill(child, signal_number), "kill");
            continue;
        }

        /* SIGCHLDs merge: one may stand for several that have ended, or for none. */
        int status;
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
            if (ended == child)
                return exit_status(status);
        }
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
