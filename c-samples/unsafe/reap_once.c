// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = exits 0
/*
 * reap_once: a handler for SIGCHLD that takes one child's status each time it runs.
 *
 * SIGCHLD is a standard signal: while one is pending, a second one merges with it. If two
 * children end before the handler runs, it runs once, takes one status, and the other
 * child stays a zombie. main() waits for ever for the tenth.
 *
 * The parent starts a child, waits for a signal, and starts the next one, so that usually
 * each child has its SIGCHLD to itself. One signal more, from anywhere, is enough to let
 * two children run at the same time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 10 };

static volatile sig_atomic_t reaped;

static void on_sigchld(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    if (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved_errno;
}

int main(void)
{
    sigset_t blocked, before;

    /* Blocked except in sigsuspend(), so that no wake-up is lost on the way there. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);

    struct sigaction action = { .sa_handler = on_sigchld };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    for (int child = 0; child < CHILDREN; child++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0)
            _exit(EXIT_SUCCESS);
        sigsuspend(&before);
    }
    while (reaped < CHILDREN)
        sigsuspend(&before);

    printf("parent: all %d children have ended\n", CHILDREN);
    return EXIT_SUCCESS;
}
