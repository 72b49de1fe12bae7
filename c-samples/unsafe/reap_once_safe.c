// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGUSR1 = exits 0
/*
 * reap_once_safe: a handler for SIGCHLD that takes the status of every child that has ended.
 *
 * One SIGCHLD may stand for several children, or for none that is left. So the handler
 * goes on until waitpid() has nothing more to give, and counts what it got.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 10 };

static volatile sig_atomic_t reaped;
static volatile sig_atomic_t asked;

static void on_sigchld(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved_errno;
}

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    asked = 1;
}

static void install(int signal_number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    sigfillset(&action.sa_mask); /* no handler interrupts the other */
    if (sigaction(signal_number, &action, NULL) == -1) {
        perror("sigaction");
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    sigset_t blocked, before;

    /* Blocked except in sigsuspend(), so that no wake-up is lost on the way there. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    install(SIGCHLD, on_sigchld);
    install(SIGUSR1, on_sigusr1);

    for (int child = 1; child <= CHILDREN; child++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0) {
            usleep((useconds_t)child * 1000);
            _exit(EXIT_SUCCESS);
        }
    }

    while (reaped < CHILDREN) {
        sigsuspend(&before);
        if (asked) {
            asked = 0;
            fprintf(stderr, "parent: %d have ended so far\n", (int)reaped);
            usleep(5000);
        }
    }
    printf("parent: all %d children have ended\n", CHILDREN);
    return EXIT_SUCCESS;
}
