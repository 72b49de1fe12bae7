// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: alone = exits 0
// A list for two threads, behind a mutex that isn't recursive. The handler runs in the thread
// that may hold it.
#include "explore.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int entries;

static void add(void) {
    pthread_mutex_lock(&mutex);
    entries++;
    pthread_mutex_unlock(&mutex);
}

static void *worker(void *argument) {
    add();
    return argument;
}

static void on_sigusr2(int number) {
    (void)number;
    add();
}

int main(void) {
    sigset_t before = block(SIGUSR2);
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL) != 0)
        return 2;
    handle(SIGUSR2, on_sigusr2, SA_RESTART);
    set_mask(&before);
    add();
    pthread_join(thread, NULL);
    say("two entries or more\n");
}
