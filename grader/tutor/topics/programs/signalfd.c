/* SIGTERM is blocked, and read from a descriptor like any other input. */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, 0);
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) == sizeof info)
        printf("signal %u\n", info.ssi_signo);
    return 0;
}
