// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash
// siglab-explore: alone = exits 0
/*
 * malloc_in_handler: main() and the handler both allocate.
 *
 * malloc() and free() are not on the list in signal-safety(7). In a program with more
 * than one thread they take a lock for the heap; a handler that interrupts them waits
 * for that lock, and main() can't give it back before the handler returns.
 *
 * With one thread glibc leaves the lock out. That is worse, not better: the handler
 * then changes lists that main() is in the middle of changing.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than what glibc keeps ready for each thread without a lock. */
enum { SIZE = 2000 };

static sem_t finished;

/* A second thread, as most programs have some. It does nothing but exist. */
static void *worker(void *argument)
{
    sem_wait(&finished);
    return argument;
}

static void on_sigint(int signal_number)
{
    /* volatile: else the compiler sees that nobody reads it, and allocates nothing. */
    char *volatile copy = malloc(SIZE);

    if (copy != NULL)
        memset(copy, signal_number, SIZE);
    free(copy);
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

    struct sigaction action = { .sa_handler = on_sigint };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    for (int round = 1; round <= 3; round++) {
        char *volatile block = malloc(SIZE);
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
