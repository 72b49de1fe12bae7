/* A handler for SIGINT, and one for every other signal that is named by its number. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
    write(STDOUT_FILENO, "caught it\n", 10);
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(argc > 1 ? atoi(argv[1]) : SIGINT, &action, NULL);
    write(STDOUT_FILENO, "ready\n", 6);
    pause();
    write(STDOUT_FILENO, "going on\n", 9);
    return 0;
}
