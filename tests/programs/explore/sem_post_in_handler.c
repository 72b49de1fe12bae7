// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
// sem_post(3) is async-signal-safe: the one way of pthreads to wake somebody from a handler.
// The semaphore remembers a post that comes before the wait.
#include "explore.h"

static sem_t posted;

static void on_sigusr1(int number) {
    int before = errno;
    (void)number;
    sem_post(&posted);
    errno = before;
}

int main(void) {
    MUST(sem_init(&posted, 0, 0));
    handle(SIGUSR1, on_sigusr1, 0);
    while (sem_wait(&posted) == -1)
        if (errno != EINTR)
            return 2;
    say("posted\n");
}
