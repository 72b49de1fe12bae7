// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * localtime_in_handler_safe: the handler notes that it was asked; main() answers.
 *
 * The handler does one thing only, which it may do at any moment: it sets a flag. All that
 * needs the C library is done where main() looks at the flag.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t asked;

static void on_sighup(int signal_number)
{
    (void)signal_number;
    asked = 1;
}

int main(void)
{
    tzset();

    struct sigaction action = { .sa_handler = on_sighup, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGHUP, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    time_t start = 0;
    struct tm *local = localtime(&start);
    printf("main: %s\n", local != NULL ? "the epoch has a local time" : "no local time");
    if (asked) {
        time_t now = time(NULL);
        local = localtime(&now);
        printf("main: asked at %02d hours\n", local != NULL ? local->tm_hour : -1);
    }
    return EXIT_SUCCESS;
}
