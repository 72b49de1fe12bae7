// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = lost-wakeup
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// A condition variable to wake main from its handler. In the wait the mutex is free; before it
// the handler waits for main, which it has interrupted.
#include "explore.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;

static void on_sigusr1(int number) {
    (void)number;
    pthread_mutex_lock(&mutex);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    pthread_mutex_lock(&mutex);
    while (!ready)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    say("ready\n");
}
