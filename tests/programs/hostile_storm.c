/*
 * Signals for itself without end.
 */
#include "hostile_common.h"

int main(void)
{
    signal(SIGUSR1, SIG_IGN);
    for (;;)
        check(kill(getpid(), SIGUSR1), "kill");
}
