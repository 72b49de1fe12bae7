// siglab-test: outcomes = one
// A thread that spins until another sets a flag after a sleep.
#include "observe.h"

static int flag;

static void *set_later(void *unused) {
    (void)unused;
    sleep_ms(60);
    __atomic_store_n(&flag, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void) {
    pthread_t thread;
    for (int yields = 0; yields < 2; yields++) {
        __atomic_store_n(&flag, 0, __ATOMIC_SEQ_CST);
        int64_t start = now_ms();
        pthread_create(&thread, NULL, set_later, NULL);
        while (!__atomic_load_n(&flag, __ATOMIC_SEQ_CST))
            if (yields)
                sched_yield();
        say("not before its time: %s\n", yes(now_ms() - start >= 55));
        pthread_join(thread, NULL);
    }
}
