// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash, errno-clobbered
// siglab-explore: alone = exits 0
// The list of all streams: fopen(3) and fclose(3) take its lock, and the heap's, as there is a
// second thread.
#include "explore.h"

static void *worker(void *argument) {
    return argument;
}

static void on_sigusr1(int number) {
    (void)number;
    FILE *file = fopen("/dev/null", "w");
    if (file)
        fclose(file);
}

int main(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 2;
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    FILE *file = fopen("/dev/null", "w");
    if (file == NULL)
        return 2;
    fclose(file);
    say("opened and closed\n");
}
