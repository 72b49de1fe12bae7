/* Three children end at the same instant: one SIGCHLD, perhaps, but three statuses. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void on_child(int number)
{
    (void)number;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ended++;
    errno = saved;
}

int main(void)
{
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &before);
    struct sigaction action = { .sa_handler = on_child };
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            return 0;
    sleep(1);
    while (ended < 3)
        sigsuspend(&before);
    return 0;
}
