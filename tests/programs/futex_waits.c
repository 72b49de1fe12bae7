// siglab-test: outcomes = one
// futex(2) itself: a time-out, a value that differs, an absolute time, a wake, a requeue.
#include "observe.h"

#include <linux/futex.h>

static uint32_t word, other;

static long futex(uint32_t *at, int operation, uint32_t value, const void *time, uint32_t *second, uint32_t third) {
    return syscall(SYS_futex, at, operation, value, time, second, third);
}

static void *sleeper(void *unused) {
    (void)unused;
    return (void *)futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    int64_t start = now_ms();
    struct timespec time = timespec_of_ms(60);
    SAY(futex(&word, FUTEX_WAIT, 0, &time, NULL, 0));
    elapsed("after", start, 60);
    SAY(futex(&word, FUTEX_WAIT, 1, &time, NULL, 0));
    start = now_ms();
    time = in_ms(CLOCK_MONOTONIC, 50);
    SAY(futex(&word, FUTEX_WAIT_BITSET, 0, &time, NULL, FUTEX_BITSET_MATCH_ANY));
    time = in_ms(CLOCK_REALTIME, 50);
    SAY(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &time, NULL, FUTEX_BITSET_MATCH_ANY));
    elapsed("after", start, 100);
    time.tv_nsec = -1;
    SAY(futex(&word, FUTEX_WAIT, 0, &time, NULL, 0));

    pthread_t thread;
    pthread_create(&thread, NULL, sleeper, NULL);
    sleep_ms(100);
    SAY(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)1, &other, 0));
    SAY(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SAY(futex(&other, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    void *result;
    pthread_join(thread, &result);
    say("woken: %d\n", (int)(intptr_t)result);

    // With a time-out a wait is never restarted, without one it may be.
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(100);
    SAY(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0));
    alarm_in_ms(100);
    time = timespec_of_ms(3000);
    SAY(futex(&word, FUTEX_WAIT, 0, &time, NULL, 0));
    say("caught %d\n", (int)caught);
}
