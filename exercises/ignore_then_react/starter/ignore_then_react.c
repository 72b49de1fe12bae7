// siglab: not started — delete this line when you begin
/*
 * ignore_then_react: four ways to meet SIGINT, five seconds each.
 *
 * The exercise. The four phases are there, and so are their lines. Add what each of
 * them does about SIGINT:
 *   ignoring   SIGINT is ignored: the kernel throws it away;
 *   reacting   SIGINT makes the program leave at once, with status 0;
 *   default    SIGINT kills the program, as it kills any other;
 *   holding    SIGINT is not delivered, but kept. At the end of this phase the program
 *              dies of a SIGINT that was kept; without one it exits with status 0.
 *
 * Manual pages: sigaction(2), signal(7), sigprocmask(2), sleep(3).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    /* Each line goes out when it is complete. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    printf("ignoring\n");
    sleep(5);

    printf("reacting\n");
    sleep(5);

    printf("default\n");
    sleep(5);

    printf("holding\n");
    sleep(5);

    return EXIT_SUCCESS;
}
