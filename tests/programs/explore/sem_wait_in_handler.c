// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: alone = exits 0
// A semaphore used as a lock. sem_post(3) would be async-signal-safe, sem_wait(3) isn't.
#include "explore.h"

static sem_t one;

static void on_sigusr1(int number) {
    int before = errno;
    (void)number;
    while (sem_wait(&one) == -1)
        ;
    sem_post(&one);
    errno = before;
}

int main(void) {
    MUST(sem_init(&one, 0, 1));
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 0; round < 2; round++) {
        while (sem_wait(&one) == -1)
            ;
        sem_post(&one);
    }
    say("two rounds\n");
}
