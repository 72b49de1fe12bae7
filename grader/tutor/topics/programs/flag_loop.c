/* It looks at a flag until the handler has set it. */
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void on_alarm(int number)
{
    (void)number;
    is_over = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_alarm };
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    while (!is_over)
        ;
    return 0;
}
