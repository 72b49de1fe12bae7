// siglab-test: outcomes = one
// pthread_mutex_timedlock(3): its time-out isn't cut short by a handler; also read-write
// locks.
#include "observe.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static volatile sig_atomic_t caught;
static int64_t begin;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

static void *wait_for_locks(void *unused) {
    (void)unused;
    int64_t start = now_ms();
    struct timespec until = in_ms(CLOCK_REALTIME, 200);
    say("mutex: %s\n", error_name(pthread_mutex_timedlock(&lock, &until)));
    elapsed("after", start, 200);
    say("caught %d\n", (int)caught);
    start = now_ms();
    until = in_ms(CLOCK_REALTIME, 50);
    say("read lock: %s\n", error_name(pthread_rwlock_timedrdlock(&shared, &until)));
    until = in_ms(CLOCK_MONOTONIC, 50);
    say("write lock: %s\n", error_name(pthread_rwlock_clockwrlock(&shared, CLOCK_MONOTONIC, &until)));
    elapsed("after", start, 100);
    until = in_ms(CLOCK_MONOTONIC, 3000);
    say("mutex: %s\n", error_name(pthread_mutex_clocklock(&lock, CLOCK_MONOTONIC, &until)));
    elapsed("in all", begin, 450);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    pthread_mutex_lock(&lock);
    pthread_rwlock_wrlock(&shared);
    pthread_t thread;
    begin = now_ms();
    pthread_create(&thread, NULL, wait_for_locks, NULL);
    sigset_t set = set_of(SIGALRM, 0, 0);
    pthread_sigmask(SIG_BLOCK, &set, NULL); // it goes to the other thread
    alarm_in_ms(100);
    sleep_ms(450);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}
