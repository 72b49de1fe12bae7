// siglab: not started — delete this line when you begin
/*
 * pid_one: the init of a container. pid_one COMMAND [ARG...]
 *
 * The exercise. Write run(), and what it needs:
 *   1. start COMMAND in a child process, with a clean signal mask and its default actions;
 *   2. pass signals on to the child: SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH;
 *   3. adopt orphans, and reap each at once when it has ended;
 *   4. when the child ends, leave at once: with its status, or 128 plus the number of the
 *      signal that killed it.
 *
 * Manual pages: fork(2), execvp(3), PR_SET_CHILD_SUBREAPER(2const) or prctl(2), waitpid(2),
 * sigprocmask(2), sigwaitinfo(2), sigsuspend(2), kill(2), pid_namespaces(7).
 */
#include <stdio.h>
#include <stdlib.h>

/* Runs the command COMMAND[0] with the arguments that follow, up to a null pointer. Returns init's exit status. */
static int run(char **command)
{
    /* To be written. */
    fprintf(stderr, "init: I should run %s\n", command[0]);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s COMMAND [ARG...]\n", argv[0]);
        return 2;
    }
    return run(argv + 1);
}
