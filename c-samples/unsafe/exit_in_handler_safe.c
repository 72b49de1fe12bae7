// siglab-explore: clean
// siglab-explore: alone = exits 0
/*
 * exit_in_handler_safe: the handler asks main() to end, and main() does when it can.
 *
 * It looks at the flag between two pieces of work, and then leaves in the usual way: clean-up
 * runs once, with nothing half done around it. A handler that must end the program itself
 * calls _exit(), which is on the list in signal-safety(7): it runs no clean-up, and what is
 * in stdio's buffers is lost.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int entries = 2;
static volatile sig_atomic_t stop;

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
    stop = 1;
}

int main(void)
{
    if (atexit(clean_up) != 0)
        return EXIT_FAILURE;

    struct sigaction action = { .sa_handler = on_sigterm, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTERM, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    printf("main: at work\n");
    if (!stop) { /* a longer program asks before each piece of work */
        pthread_mutex_lock(&mutex);
        entries++;
        pthread_mutex_unlock(&mutex);
    }
    printf("main: done\n");
    return EXIT_SUCCESS;
}
