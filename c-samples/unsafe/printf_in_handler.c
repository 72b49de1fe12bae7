// siglab-explore: finds = crash, deadlock, output-corrupted, unsafe-call
// siglab-explore: alone = exits 0
/*
 * printf_in_handler: main() prints, and so does the handler.
 *
 * printf() is not on the list in signal-safety(7). A signal that comes while main()
 * is in printf() finds the stream's lock just taken, or malloc() in the middle of
 * making the stream's buffer. The printf() in the handler then waits for a lock
 * that nobody can give back, or trips over data that is half changed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void on_sigint(int signal_number)
{
    (void)signal_number;
    printf("handler: caught SIGINT\n");
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigint };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    printf("main: line %d\n", 1);
    printf("main: line %d\n", 2);
    return EXIT_SUCCESS;
}
