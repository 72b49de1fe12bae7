/* alarm(2) has the kernel send SIGALRM after a second. */
#include <signal.h>
#include <unistd.h>

static void on_alarm(int number)
{
    (void)number;
    write(STDOUT_FILENO, "a second is over\n", 17);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_alarm };
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    pause();
    return 0;
}
