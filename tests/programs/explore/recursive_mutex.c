// siglab-explore: clean
// siglab-explore: alone = exits 0
// A mutex that remembers whose it is, used by the main program only.
#include "explore.h"

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen++;
}

int main(void) {
    pthread_mutexattr_t kind;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutex, &kind);
    handle(SIGUSR1, on_signal, 0);

    for (int round = 0; round < 2; round++) {
        int failed = pthread_mutex_lock(&mutex);
        failed |= pthread_mutex_lock(&mutex);
        failed |= pthread_mutex_unlock(&mutex);
        failed |= pthread_mutex_unlock(&mutex);
        if (failed)
            abort();
    }
    say("done\n");
    return 0;
}
