// siglab-test: outcomes = one
// Waiting for a thread with a time-out; cancelling one that sleeps, and one that computes
// with cancellation disabled.
#include "observe.h"

static void clean_up(void *what) {
    say("%s\n", (const char *)what);
}

static void *sleeper(void *unused) {
    (void)unused;
    pthread_cleanup_push(clean_up, "cleaned up");
    sleep(30);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *stubborn(void *unused) {
    (void)unused;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    sleep_ms(200);
    say("not cancelled yet\n");
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    say("not reached\n");
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    int64_t start = now_ms();
    pthread_create(&threads[0], NULL, sleeper, NULL);
    pthread_create(&threads[1], NULL, stubborn, NULL);
    struct timespec until = in_ms(CLOCK_REALTIME, 60);
    say("%s\n", error_name(pthread_timedjoin_np(threads[0], NULL, &until)));
    elapsed("after", start, 60);
    say("%s\n", error_name(pthread_tryjoin_np(threads[0], NULL)));
    pthread_cancel(threads[0]);
    void *result;
    say("%s ", error_name(pthread_join(threads[0], &result)));
    say("cancelled: %s\n", yes(result == PTHREAD_CANCELED));
    pthread_cancel(threads[1]);
    say("%s ", error_name(pthread_join(threads[1], &result)));
    say("cancelled: %s\n", yes(result == PTHREAD_CANCELED));
    elapsed("after", start, 200);
}
