/* A handler that prints with printf(3). */
#include <signal.h>
#include <stdio.h>

static void on_int(int number)
{
    printf("signal %d\n", number);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    raise(SIGINT);
    return 0;
}
