// siglab-explore: finds = hang
// siglab-explore: alone = spins
// siglab-explore: sent SIGUSR1 = spins
/*
 * flag_not_volatile: main() waits in a loop for a plain variable to change.
 *
 * The compiler sees that nothing in the loop changes the variable, reads it once, and makes
 * an endless loop of it. The handler runs and sets it, and nobody looks. Without
 * optimisation it seems to work.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int woken; /* neither volatile nor atomic: that is the mistake */
static volatile unsigned turns;

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    woken = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1 };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    while (!woken)
        turns++;
    puts("main: woken");
    return EXIT_SUCCESS;
}
