/* For a moment, the pointer leads nowhere; the handler uses it at any moment. */
#include <signal.h>

static int one, two;
static int *volatile current = &one;

static void on_int(int number)
{
    *current = number;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    current = 0;
    current = &two;
    return two;
}
