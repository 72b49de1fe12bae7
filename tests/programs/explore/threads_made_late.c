// siglab-explore: clean
// siglab-explore: alone = exits 0
// Making a thread takes locks of the dynamic linker's, which remember whose they are.
#include "explore.h"

static atomic_int seen;

static void on_signal(int number) {
    (void)number;
    atomic_fetch_add(&seen, 1);
}

static void *work(void *nothing) {
    return nothing;
}

int main(void) {
    handle(SIGUSR1, on_signal, SA_RESTART);
    for (int round = 0; round < 2; round++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, NULL) || pthread_join(thread, NULL))
            return 2;
    }
    say("done\n");
    return 0;
}
