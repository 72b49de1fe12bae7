// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash, errno-clobbered
// siglab-explore: alone = exits 0
/*
 * localtime_in_handler: main() and the handler both want to know what time of day it is.
 *
 * localtime() keeps what it knows of the time zone behind a lock, and the result in a
 * static structure. localtime_r() spares the structure, not the lock: neither is on the
 * list in signal-safety(7). time() and clock_gettime() are.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t hour_of_signal = -1;

static void on_sighup(int signal_number)
{
    time_t now = time(NULL);
    struct tm *local = localtime(&now);

    (void)signal_number;
    if (local != NULL)
        hour_of_signal = local->tm_hour;
}

int main(void)
{
    tzset(); /* reads the time zone once, so that there is less to do later */

    struct sigaction action = { .sa_handler = on_sighup };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGHUP, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    time_t start = 0;
    struct tm *local = localtime(&start);
    printf("main: %s\n", local != NULL ? "the epoch has a local time" : "no local time");
    return EXIT_SUCCESS;
}
