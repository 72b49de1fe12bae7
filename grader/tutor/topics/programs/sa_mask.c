/* While SIGUSR1 is handled, SIGUSR2 is blocked, too: it is in sa_mask. */
#include <signal.h>
#include <unistd.h>

static void on_signal(int number)
{
    write(STDOUT_FILENO, number == SIGUSR1 ? "USR1 begins\n" : "USR2 begins\n", 12);
    if (number == SIGUSR1)
        raise(SIGUSR2);
    write(STDOUT_FILENO, number == SIGUSR1 ? "USR1 ends\n" : "USR2 ends\n", 10);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR1);
    return 0;
}
