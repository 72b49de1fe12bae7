/* Removes its own file, executes itself once more, handles a signal and then waits for ever. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    struct sigaction action;

    if (argc == 1) {
        if (unlink(argv[0]) != 0)
            perror("unlink");
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        perror("execl");
        return 1;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    wait_for_ever();
}
