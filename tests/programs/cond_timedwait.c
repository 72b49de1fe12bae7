// siglab-test: outcomes = one
// pthread_cond_timedwait(3) by two clocks: time-outs, and a signal in time.
#include "observe.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;

static void *make_ready(void *unused) {
    (void)unused;
    sleep_ms(100);
    pthread_mutex_lock(&lock);
    ready = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) {
    pthread_mutex_lock(&lock);
    int64_t start = now_ms();
    struct timespec until = in_ms(CLOCK_REALTIME, 60);
    say("%s\n", error_name(pthread_cond_timedwait(&changed, &lock, &until)));
    elapsed("after", start, 60);

    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_t monotonic;
    pthread_cond_init(&monotonic, &attributes);
    start = now_ms();
    until = in_ms(CLOCK_MONOTONIC, 60);
    say("%s\n", error_name(pthread_cond_timedwait(&monotonic, &lock, &until)));
    until = in_ms(CLOCK_MONOTONIC, 40);
    say("%s\n", error_name(pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &until)));
    elapsed("after", start, 100);
    until = (struct timespec){.tv_sec = 1};
    say("past: %s\n", error_name(pthread_cond_timedwait(&changed, &lock, &until)));

    pthread_t thread;
    start = now_ms();
    pthread_create(&thread, NULL, make_ready, NULL);
    until = in_ms(CLOCK_REALTIME, 3000);
    int result = 0;
    while (!ready && result == 0)
        result = pthread_cond_timedwait(&changed, &lock, &until);
    say("%s, ready: %s\n", error_name(result), yes(ready));
    elapsed("after", start, 100);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}
