// siglab-explore: clean
// siglab-explore: alone = exits 0
// Threads that share a mutex, and a handler that shares nothing with them: the worker blocks
// all signals, main takes them.
#include "explore.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int shared;
static volatile sig_atomic_t caught;

static void on_sigusr1(int number) {
    (void)number;
    caught = 1;
}

static void *worker(void *argument) {
    for (int round = 0; round < 3; round++) {
        pthread_mutex_lock(&mutex);
        shared++;
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

int main(void) {
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return 2;
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL) != 0)
        return 2;
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    set_mask(&before);
    for (int round = 0; round < 3; round++) {
        pthread_mutex_lock(&mutex);
        shared++;
        pthread_mutex_unlock(&mutex);
    }
    pthread_join(thread, NULL);
    say(shared == 6 ? "six rounds\n" : "a round is missing\n");
}
