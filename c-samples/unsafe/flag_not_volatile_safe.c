// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
/*
 * flag_not_volatile_safe: a flag that is read each time, and a wait that doesn't spin.
 *
 * `volatile sig_atomic_t` is what C promises for a flag between a handler and the code
 * that it interrupts. That alone would end the loop; sigsuspend() also lets the processor
 * do something else until the signal comes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t woken;

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    woken = 1;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };
    sigset_t blocked, before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    while (!woken)
        sigsuspend(&before);
    puts("main: woken");
    return EXIT_SUCCESS;
}
