// siglab-test: outcomes = one
// Three threads meet at a barrier, twice.
#include "observe.h"

static pthread_barrier_t barrier;
static int before, serial;

static void *run(void *number) {
    for (int round = 1; round <= 2; round++) {
        sleep_ms(30 * (intptr_t)number);
        __atomic_add_fetch(&before, 1, __ATOMIC_SEQ_CST);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
        if ((intptr_t)number == 1)
            say("round %d: %d arrived\n", round, __atomic_load_n(&before, __ATOMIC_SEQ_CST));
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

int main(void) {
    pthread_barrier_init(&barrier, NULL, 3);
    pthread_t threads[3];
    int64_t start = now_ms();
    for (intptr_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    say("serial threads: %d\n", serial);
    elapsed("after", start, 120);
}
