// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
/*
 * check_then_pause_safe: the signal is blocked while main() looks at the flag.
 *
 * sigsuspend() unblocks it and waits, both in one step, and blocks it again before it
 * returns. A signal that comes before stays pending, and ends the wait at once.
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

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    while (!woken)
        sigsuspend(&before); /* always returns -1, with EINTR */
    sigprocmask(SIG_SETMASK, &before, NULL);
    puts("main: woken");
    return EXIT_SUCCESS;
}
