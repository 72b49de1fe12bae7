// siglab-test: outcomes = one
// The threads of C11: thrd_sleep, cnd_timedwait, mtx_timedlock, timespec_get.
#include "observe.h"

#include <threads.h>

static mtx_t lock;
static cnd_t changed;

static int hold(void *unused) {
    (void)unused;
    mtx_lock(&lock);
    thrd_sleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    mtx_unlock(&lock);
    return 9;
}

static struct timespec utc_in_ms(int ms) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    now.tv_nsec += ms * 1000000L;
    now.tv_sec += now.tv_nsec / 1000000000;
    now.tv_nsec %= 1000000000;
    return now;
}

int main(void) {
    mtx_init(&lock, mtx_timed);
    cnd_init(&changed);
    thrd_t thread;
    int64_t start = now_ms();
    thrd_create(&thread, hold, NULL);
    thrd_sleep(&(struct timespec){.tv_nsec = 40000000}, NULL);
    struct timespec until = utc_in_ms(30);
    say("timed out: %s\n", yes(mtx_timedlock(&lock, &until) == thrd_timedout));
    elapsed("after", start, 70);
    say("locked: %s\n", yes(mtx_lock(&lock) == thrd_success));
    elapsed("after", start, 300);
    until = utc_in_ms(50);
    say("timed out: %s\n", yes(cnd_timedwait(&changed, &lock, &until) == thrd_timedout));
    elapsed("after", start, 350);
    mtx_unlock(&lock);
    int result;
    thrd_join(thread, &result);
    say("result %d\n", result);
}
