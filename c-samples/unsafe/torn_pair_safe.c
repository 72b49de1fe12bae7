// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * torn_pair_safe: main() blocks the signal while it changes what the handler reads.
 *
 * What comes in the meantime stays pending until both numbers are there. Where blocking
 * is too slow: two copies, and a lock-free atomic index that says which one is complete.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile struct {
    long single;
    long twice;
} pair;

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    if (pair.twice != 2 * pair.single)
        abort();
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };
    sigset_t blocked, before;

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    for (long number = 1; number <= 3; number++) {
        sigprocmask(SIG_BLOCK, &blocked, &before);
        pair.single = number;
        pair.twice = 2 * number;
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
    puts("main: changed the pair three times");
    return EXIT_SUCCESS;
}
