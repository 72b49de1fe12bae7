// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
// A thread whose only work is to wait for signals, blocked in all threads. It is no handler:
// it may print, allocate and lock like any other thread.
#include "explore.h"

static void *signals(void *argument) {
    const sigset_t *wanted = argument;
    int number;
    if (sigwait(wanted, &number) != 0)
        return argument;
    printf("signal thread: %s\n", number == SIGINT ? "SIGINT" : "another");
    return NULL;
}

int main(void) {
    static sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    MUST(sigprocmask(SIG_BLOCK, &wanted, NULL));
    pthread_t thread;
    if (pthread_create(&thread, NULL, signals, &wanted) != 0)
        return 2;
    printf("main: at work\n");
    void *failed;
    if (pthread_join(thread, &failed) != 0 || failed != NULL)
        return 2;
    printf("main: done\n");
}
