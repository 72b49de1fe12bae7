/* Two counters that ought to be equal. */
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t started, finished, differs;

static void on_int(int number)
{
    (void)number;
    differs = started != finished;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    started++;
    finished++;
    return differs;
}
