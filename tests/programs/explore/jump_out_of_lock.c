// siglab-explore: finds = deadlock, output-corrupted
// siglab-explore: alone = exits 0
// The handler jumps out of a critical section: the mutex is never given back.
#include "explore.h"

static sigjmp_buf start_again;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void on_sigint(int number) {
    siglongjmp(start_again, number);
}

int main(void) {
    if (sigsetjmp(start_again, true) == 0)
        handle(SIGINT, on_sigint, SA_RESTART);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    say("locked once\n");
}
