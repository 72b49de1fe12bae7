/* A child has its parent's dispositions and mask, but nothing of what is pending. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_usr1(int number)
{
    (void)number;
    write(STDOUT_FILENO, "the handler runs\n", 17);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_usr1 };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    pid_t child = fork();
    sigpending(&pending);
    dprintf(STDOUT_FILENO, "%s: pending: %d\n", child == 0 ? "child" : "parent",
            sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    if (child != 0)
        waitpid(child, NULL, 0);
    return 0;
}
