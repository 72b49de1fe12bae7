// siglab-explore: finds = killed-by-default
// siglab-explore: alone = exits 0
/*
 * oneshot_handler: a handler that must be installed anew after each signal.
 *
 * With SA_RESETHAND, as with signal() on System V, the disposition is the default one
 * again as soon as the handler begins. Until the program puts its handler back, the next
 * signal terminates it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    caught++;
}

static void install(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1,
                                .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    for (int round = 0; round < 2; round++) {
        install();
        kill(getpid(), SIGUSR1);
    }
    puts(caught >= 2 ? "main: caught both" : "main: missed one");
    return EXIT_SUCCESS;
}
