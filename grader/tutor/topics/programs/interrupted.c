/* A handler runs while read(2) waits. With the argument "restart" it has SA_RESTART. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_usr1(int number)
{
    (void)number;
    write(STDOUT_FILENO, "the handler runs\n", 17);
}

int main(int argc, char **argv)
{
    (void)argv;
    struct sigaction action = { .sa_handler = on_usr1, .sa_flags = argc > 1 ? SA_RESTART : 0 };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    int ends[2];
    char byte;
    if (pipe(ends) == -1)
        return 1;
    if (fork() == 0) {
        sleep(1);
        kill(getppid(), SIGUSR1);
        sleep(1);
        write(ends[1], "x", 1);
        return 0;
    }
    ssize_t got = read(ends[0], &byte, 1);
    if (got == -1)
        dprintf(STDOUT_FILENO, "read fails: %s\n", errno == EINTR ? "EINTR" : strerror(errno));
    else
        dprintf(STDOUT_FILENO, "read gives %zd byte\n", got);
    return 0;
}
