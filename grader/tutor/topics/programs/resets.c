/* SA_RESETHAND: the handler runs for the first signal, and the second one kills. */
#include <signal.h>
#include <unistd.h>

static void on_int(int number)
{
    (void)number;
    write(STDOUT_FILENO, "caught it\n", 10);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int, .sa_flags = SA_RESETHAND };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    raise(SIGINT);
    raise(SIGINT);
    return 0;
}
