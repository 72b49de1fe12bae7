// siglab-explore: finds = deadlock, output-corrupted
// siglab-explore: may = crash, unsafe-call
// siglab-explore: alone = exits 0
/*
 * longjmp_out_of_handler: a handler that leaves by siglongjmp(), wherever main() was.
 *
 * siglongjmp() is on the list in signal-safety(7), but only as far as what it interrupts
 * is, too. Jumping out of malloc() leaves the lock of the heap taken for ever: the next
 * malloc() waits for it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than what glibc keeps ready for each thread without a lock. */
enum { SIZE = 2000 };

static sigjmp_buf start_again;

static void *worker(void *argument)
{
    return argument;
}

static void on_sigint(int signal_number)
{
    siglongjmp(start_again, signal_number);
}

static void work(void)
{
    /* volatile: else the compiler sees that nobody reads it, and allocates nothing. */
    char *volatile block = malloc(SIZE);
    if (block != NULL)
        memset(block, 0, SIZE);
    free(block);
}

int main(void)
{
    pthread_t thread;

    /* A program that once had two threads: from then on, malloc() takes locks. */
    if (pthread_create(&thread, NULL, worker, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return EXIT_FAILURE;

    if (sigsetjmp(start_again, 1) == 0) {
        struct sigaction action = { .sa_handler = on_sigint };
        sigemptyset(&action.sa_mask);
        if (sigaction(SIGINT, &action, NULL) == -1) {
            perror("sigaction");
            return EXIT_FAILURE;
        }
    }
    work();
    puts("main: done");
    return EXIT_SUCCESS;
}
