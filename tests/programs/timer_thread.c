// siglab-test: outcomes = one
// SIGEV_THREAD: a timer that runs a function in a thread of its own.
#include "observe.h"

static sem_t done;
static pthread_t main_thread;

static void on_timer(union sigval value) {
    say("value %d, another thread: %s\n", value.sival_int, yes(!pthread_equal(pthread_self(), main_thread)));
    sem_post(&done);
}

int main(void) {
    main_thread = pthread_self();
    sem_init(&done, 0, 0);
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer, .sigev_value.sival_int = 17};
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec each = {.it_value = timespec_of_ms(80), .it_interval = timespec_of_ms(80)};
    int64_t start = now_ms();
    MUST(timer_settime(timer, 0, &each, NULL));
    for (int i = 0; i < 2; i++)
        while (sem_wait(&done) == -1) {
        }
    elapsed("twice:", start, 160);
    SAY(timer_delete(timer));
}
