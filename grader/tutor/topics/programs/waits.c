/* SIGUSR1 is blocked, and waited for: first in vain, for a second, and then as long as it takes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec second = { .tv_sec = 1 };
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (sigtimedwait(&set, &info, &second) == -1 && errno == EAGAIN)
        dprintf(STDOUT_FILENO, "a second is over\n");
    if (fork() == 0) {
        sleep(1);
        kill(getppid(), SIGUSR1);
        return 0;
    }
    if (sigwaitinfo(&set, &info) == SIGUSR1)
        dprintf(STDOUT_FILENO, "it has come\n");
    return 0;
}
