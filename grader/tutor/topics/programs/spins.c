/* A handler waits for a flag that only the code below it could clear. */
#include <signal.h>

static volatile sig_atomic_t is_busy;
static volatile int count;

static void on_int(int number)
{
    (void)number;
    while (is_busy)
        ;
    count++;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    is_busy = 1;
    count++;
    is_busy = 0;
    return 0;
}
