// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * mutex_in_handler_safe: main() and the handler share a counter that needs no lock.
 *
 * A lock-free atomic is changed in one step, which a signal comes before or after, never
 * in between. C17 7.14.1.1 allows handlers to use those. For data that doesn't fit into
 * one, main() blocks the signal while it changes them: see torn_pair_safe.c.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int counter;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an atomic_int needs no lock");

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add(&counter, 1);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    for (int round = 0; round < 3; round++)
        atomic_fetch_add(&counter, 1);
    puts("main: counted three rounds");
    return EXIT_SUCCESS;
}
