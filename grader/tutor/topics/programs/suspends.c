/* SIGUSR1 is blocked but while sigsuspend(2) waits: it can't come too early. */
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t has_come;

static void on_usr1(int number)
{
    (void)number;
    has_come = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_usr1 };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    while (!has_come)
        sigsuspend(&before);
    write(STDOUT_FILENO, "it has come\n", 12);
    return 0;
}
