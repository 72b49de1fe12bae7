// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: alone = exits 0
/*
 * mutex_in_handler: main() and the handler share a counter, and a mutex to protect it.
 *
 * Between two threads that would be right. But a handler runs *on top of* the code that
 * it interrupts: if main() holds the mutex, the handler waits for main(), and main()
 * waits until the handler returns.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int counter;

static void on_sigusr1(int signal_number)
{
    (void)signal_number;
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigusr1 };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGUSR1, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }

    for (int round = 0; round < 3; round++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    puts("main: counted three rounds");
    return EXIT_SUCCESS;
}
