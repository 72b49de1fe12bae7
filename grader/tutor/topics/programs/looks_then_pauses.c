/* A signal that comes between the look at the flag and pause(2) is waited for in vain. */
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
    if (!has_come)
        pause();
    return 0;
}
