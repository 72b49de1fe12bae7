// siglab-test: outcomes = one
// eventfd(2) between threads: a counter, a semaphore, a write that blocks.
#include "observe.h"

static int counter, tokens;

static void *add(void *unused) {
    (void)unused;
    sleep_ms(60);
    MUST(eventfd_write(counter, 5));
    sleep_ms(60);
    MUST(eventfd_write(counter, 7));
    sleep_ms(80);
    MUST(eventfd_write(tokens, 2));
    return NULL;
}

static void *take(void *unused) {
    (void)unused;
    sleep_ms(100);
    eventfd_t value;
    MUST(eventfd_read(counter, &value));
    return NULL;
}

int main(void) {
    counter = (int)MUST(eventfd(0, 0));
    tokens = (int)MUST(eventfd(1, EFD_SEMAPHORE));
    pthread_t thread;
    eventfd_t value;
    int64_t start = now_ms();
    pthread_create(&thread, NULL, add, NULL);
    SAY(eventfd_read(tokens, &value));
    struct pollfd ready = {.fd = counter, .events = POLLIN};
    SAY(poll(&ready, 1, 10));
    sleep_ms(140);
    SAY(eventfd_read(counter, &value));
    say("value %d\n", (int)value);
    SAY(eventfd_read(tokens, &value));
    say("value %d\n", (int)value);
    SAY(eventfd_read(tokens, &value));
    elapsed("after", start, 200);
    pthread_join(thread, NULL);

    MUST(fcntl(counter, F_SETFL, O_NONBLOCK));
    SAY(eventfd_read(counter, &value));
    SAY(eventfd_write(counter, UINT64_MAX - 1));
    SAY(eventfd_write(counter, 1));
    MUST(fcntl(counter, F_SETFL, 0));
    start = now_ms();
    pthread_create(&thread, NULL, take, NULL);
    SAY(eventfd_write(counter, 1));
    elapsed("after", start, 100);
    pthread_join(thread, NULL);
}
