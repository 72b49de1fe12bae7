// siglab-explore: finds = deadlock
// siglab-explore: alone = exits 0
// Two threads take two mutexes in opposite order. No system call is in between.
#include "explore.h"

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static atomic_int seen;

static void on_signal(int number) {
    (void)number;
    atomic_fetch_add(&seen, 1);
}

static void *work(void *nothing) {
    pthread_mutex_lock(&other);
    pthread_mutex_lock(&one);
    pthread_mutex_unlock(&one);
    pthread_mutex_unlock(&other);
    return nothing;
}

int main(void) {
    pthread_t thread;
    handle(SIGUSR1, on_signal, SA_RESTART);
    if (pthread_create(&thread, NULL, work, NULL))
        return 2;
    pthread_mutex_lock(&one);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&one);
    pthread_join(thread, NULL);
    say("done\n");
    return 0;
}
