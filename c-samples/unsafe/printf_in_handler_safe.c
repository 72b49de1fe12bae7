// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * printf_in_handler_safe: main() prints with stdio, the handler with write().
 *
 * write() is on the list in signal-safety(7): it needs no lock and no buffer of the
 * process. Each line goes out in one piece, so lines don't mix either.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_sigint(int signal_number)
{
    static const char line[] = "handler: caught SIGINT\n";
    int saved_errno = errno; /* the interrupted code may be about to read it */

    (void)signal_number;
    if (write(STDOUT_FILENO, line, sizeof line - 1) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigint, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    printf("main: line %d\n", 1);
    printf("main: line %d\n", 2);
    return EXIT_SUCCESS;
}
