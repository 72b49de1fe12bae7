/* For a moment between two handlers, the disposition is the default one. */
#include <signal.h>

static void first(int number)
{
    (void)number;
}

static void second(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = { .sa_handler = first };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    signal(SIGINT, SIG_DFL);
    action.sa_handler = second;
    sigaction(SIGINT, &action, NULL);
    return 0;
}
