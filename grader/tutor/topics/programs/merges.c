/* Three SIGUSR1 while it is blocked: how often does the handler run? */
#include <signal.h>
#include <stdio.h>
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
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGUSR1);
    sigpending(&pending);
    dprintf(STDOUT_FILENO, "pending: %d\n", sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 0;
}
