/*
 * pid_one, solved with flags and sigsuspend().
 *
 * The handlers only take note, each signal in its own place. They run in sigsuspend() and nowhere
 * else, so nothing can come between looking at the flags and going to sleep.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_NOT_RUN 127 /* as shells say it */
#define KILLED 128          /* and the number of the signal */

static const int watched[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH, SIGCHLD,
};
#define WATCHED (sizeof watched / sizeof watched[0])

static volatile sig_atomic_t has_come[NSIG];

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

static void take_note(int signal_number)
{
    has_come[signal_number] = 1;
}

/* Passes on what has come. */
static void forward(pid_t child)
{
    for (size_t i = 0; i < WATCHED; i++) {
        if (watched[i] != SIGCHLD && has_come[watched[i]]) {
            has_come[watched[i]] = 0;
            check(kill(child, watched[i]), "kill");
        }
    }
}

static int run(char **command)
{
    struct sigaction action = { .sa_handler = take_note, .sa_flags = 0 };
    sigset_t blocked, old_mask, while_waiting;

    check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
    sigemptyset(&blocked);
    for (size_t i = 0; i < WATCHED; i++)
        check(sigaddset(&blocked, watched[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &blocked, &old_mask), "sigprocmask");
    while_waiting = old_mask;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED; i++) {
        check(sigaction(watched[i], &action, NULL), "sigaction");
        check(sigdelset(&while_waiting, watched[i]), "sigdelset");
    }

    pid_t child = fork();
    check(child, "fork");
    if (child == 0) {
        /* Until exec the handlers are there in the child, too, and would swallow a signal. */
        for (size_t i = 0; i < WATCHED; i++)
            check(signal(watched[i], SIG_DFL) == SIG_ERR ? -1 : 0, "signal");
        check(sigprocmask(SIG_SETMASK, &old_mask, NULL), "sigprocmask");
        execvp(command[0], command);
        perror(command[0]);
        _exit(COMMAND_NOT_RUN);
    }

    for (;;) {
        int status;
        pid_t ended;

        while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
            if (ended == child)
                return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
        }
        check(ended, "waitpid");
        forward(child);
        sigsuspend(&while_waiting); /* always "fails" with EINTR */
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
