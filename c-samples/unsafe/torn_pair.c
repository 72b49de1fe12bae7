// siglab-explore: finds = crash
// siglab-explore: alone = exits 0
/*
 * torn_pair: main() changes two numbers that belong together, and the handler reads them.
 *
 * No compiler and no processor changes both at once. A handler that runs in between sees
 * one new and one old number. This one notices, and aborts; most don't notice.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* The second is always the double of the first. `volatile` doesn't change that there are
   two of them: it only makes sure that both are really written. */
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
    struct sigaction action = { .sa_handler = on_sigusr1 };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    for (long number = 1; number <= 3; number++) {
        pair.single = number;
        pair.twice = 2 * number;
    }
    puts("main: changed the pair three times");
    return EXIT_SUCCESS;
}
