// siglab-explore: finds = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
/*
 * check_then_pause: main() looks at a flag, and waits for a signal if it isn't set.
 *
 * A signal that comes after the look and before the wait sets the flag, and then pause()
 * waits for another one, which never comes. However short that moment is: it is there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t woken;

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
        pause();
    puts("main: woken");
    return EXIT_SUCCESS;
}
