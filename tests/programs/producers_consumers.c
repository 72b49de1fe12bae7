// siglab-test: outcomes = one
// Three threads share a queue with two condition variables; in the end everything has
// arrived once.
#include "observe.h"

enum { SLOTS = 4, ITEMS = 60 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int queue[SLOTS], first, used, taken[2 * ITEMS];

static void *produce(void *from) {
    for (int i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&lock);
        while (used == SLOTS)
            pthread_cond_wait(&not_full, &lock);
        queue[(first + used++) % SLOTS] = (int)(intptr_t)from + i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *consume(void *unused) {
    (void)unused;
    int last[2] = {-1, -1}, in_order = 1;
    for (int i = 0; i < 2 * ITEMS; i++) {
        pthread_mutex_lock(&lock);
        while (used == 0)
            pthread_cond_wait(&not_empty, &lock);
        int item = queue[first];
        first = (first + 1) % SLOTS;
        used--;
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&lock);
        taken[item]++;
        in_order &= item > last[item / ITEMS];
        last[item / ITEMS] = item;
        if (i % 40 == 0)
            usleep(2000);
    }
    say("each producer's items in order: %s\n", yes(in_order));
    return NULL;
}

int main(void) {
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, consume, NULL);
    pthread_create(&threads[1], NULL, produce, (void *)0);
    pthread_create(&threads[2], NULL, produce, (void *)ITEMS);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    int once = 0;
    for (int i = 0; i < 2 * ITEMS; i++)
        once += taken[i] == 1;
    say("all taken once: %s\n", yes(once == 2 * ITEMS));
}
