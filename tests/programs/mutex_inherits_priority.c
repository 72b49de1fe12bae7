// siglab-test: outcomes = one
// A mutex with priority inheritance waits by other futex operations; a robust one learns
// that its owner died.
#include "observe.h"

static pthread_mutex_t lock, robust;

static void *hold(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&robust);
    sleep_ms(120);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    say("%s\n", error_name(pthread_mutex_init(&lock, &attributes)));
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_t thread;
    int64_t start = now_ms();
    pthread_create(&thread, NULL, hold, NULL);
    sleep_ms(40);
    say("%s\n", error_name(pthread_mutex_lock(&lock)));
    elapsed("after", start, 120);
    say("%s\n", error_name(pthread_mutex_lock(&robust)));
    say("%s\n", error_name(pthread_mutex_consistent(&robust)));
    pthread_mutex_unlock(&robust);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}
