// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * oneshot_handler_safe: a handler that stays installed.
 *
 * Without SA_RESETHAND, sigaction() installs a handler until further notice. There is no
 * moment at which the default disposition is back.
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
    struct sigaction action = { .sa_handler = on_sigusr1, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    install();
    for (int round = 0; round < 2; round++)
        kill(getpid(), SIGUSR1);
    puts(caught >= 2 ? "main: caught both" : "main: missed one");
    return EXIT_SUCCESS;
}
