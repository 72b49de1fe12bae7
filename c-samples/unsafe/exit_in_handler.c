// siglab-explore: finds = crash, deadlock, output-corrupted, unsafe-call
// siglab-explore: may = hang
// siglab-explore: alone = exits 0
/*
 * exit_in_handler: a handler that ends the program with exit().
 *
 * exit() is much more than the end: it calls what was registered with atexit() and
 * writes out what is in stdio's buffers. In a handler all of that happens in the middle
 * of something else: of a printf(), of the clean-up itself, of another exit().
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int entries = 2;

/* Clean-up that needs a lock, as most clean-up does. */
static void clean_up(void)
{
    pthread_mutex_lock(&mutex);
    entries = 0;
    pthread_mutex_unlock(&mutex);
    printf("clean_up: all entries removed\n");
}

static void on_sigterm(int signal_number)
{
    (void)signal_number;
    exit(EXIT_SUCCESS);
}

int main(void)
{
    if (atexit(clean_up) != 0)
        return EXIT_FAILURE;

    struct sigaction action = { .sa_handler = on_sigterm };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTERM, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    printf("main: at work\n");
    pthread_mutex_lock(&mutex);
    entries++;
    pthread_mutex_unlock(&mutex);
    printf("main: done\n");
    return EXIT_SUCCESS;
}
