/* Calls about signals, waiting and children that fail at once. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct sigaction action = { .sa_handler = SIG_IGN };
    const struct timespec long_second = { .tv_sec = 0, .tv_nsec = 1000000000 };
    const struct timespec before = { .tv_sec = -1, .tv_nsec = 0 };
    const struct timespec brief = { .tv_sec = 0, .tv_nsec = 1000000 };
    sigset_t set;
    siginfo_t info;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaction(SIGKILL, &action, NULL);
    sigprocmask(SIGCHLD, &set, NULL);
    for (int round = 0; round < 1000; round++)
        sigtimedwait(&set, &info, &long_second); /* told once */
    nanosleep(&before, NULL);
    waitpid(-1, NULL, 0);
    waitpid(0, NULL, WNOHANG);
    waitpid(getpid(), NULL, 0);
    setpgid(1, 1);

    sigprocmask(SIG_BLOCK, &set, NULL);
    sigtimedwait(&set, &info, &brief); /* EAGAIN is no failure */
    sigtimedwait(&set, &info, &long_second); /* told again */

    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    kill(SIGTERM, child); /* the wrong way round */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    waitpid(child, NULL, 0);
    return 0;
}
