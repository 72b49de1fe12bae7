/*
 * Ignores every signal that can be ignored, blocks all others, and computes for ever.
 */
#include "hostile_common.h"

int main(void)
{
    sigset_t all;

    for (int signal_number = 1; signal_number <= SIGRTMAX; signal_number++)
        signal(signal_number, SIG_IGN);
    sigfillset(&all);
    check(sigprocmask(SIG_BLOCK, &all, NULL), "sigprocmask");
    printf("spinning\n");
    fflush(stdout);
    for (volatile unsigned long number = 0;; number++)
        ;
}
