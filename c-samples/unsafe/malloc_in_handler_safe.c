// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * malloc_in_handler_safe: main() allocates; the handler uses memory that is there already.
 *
 * What a handler needs is made before the handler is installed: a static buffer, or one
 * that main() has allocated. SIGINT is blocked while its handler runs, so one is enough.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 2000 };

static sem_t finished;
static char copy[SIZE];

static void *worker(void *argument)
{
    sem_wait(&finished);
    return argument;
}

static void on_sigint(int signal_number)
{
    memset(copy, signal_number, SIZE);
}

int main(void)
{
    pthread_t thread;
    sigset_t all, before;

    /* The thread inherits this mask: signals are for main(). */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sem_init(&finished, 0, 0);
    if (pthread_create(&thread, NULL, worker, NULL) != 0)
        return EXIT_FAILURE;

    struct sigaction action = { .sa_handler = on_sigint, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    for (int round = 1; round <= 3; round++) {
        char *volatile block = malloc(SIZE); /* as in malloc_in_handler.c */
        if (block == NULL)
            return EXIT_FAILURE;
        memset(block, round, SIZE);
        free(block);
    }

    sem_post(&finished);
    pthread_join(thread, NULL);
    puts("main: three blocks came and went");
    return EXIT_SUCCESS;
}
