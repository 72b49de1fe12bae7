// siglab-test: outcomes = one
// sem_timedwait(3) and sem_wait(3): time-out, EINTR, restart, a post from another thread.
#include "observe.h"

static sem_t semaphore;
static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

static void *post_later(void *unused) {
    (void)unused;
    sigset_t set = set_of(SIGALRM, 0, 0);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sleep_ms(250);
    sem_post(&semaphore);
    return NULL;
}

int main(void) {
    sem_init(&semaphore, 0, 1);
    struct timespec until = in_ms(CLOCK_REALTIME, 60);
    SAY(sem_timedwait(&semaphore, &until));
    int64_t start = now_ms();
    until = in_ms(CLOCK_REALTIME, 60);
    SAY(sem_timedwait(&semaphore, &until));
    elapsed("after", start, 60);
    SAY(sem_trywait(&semaphore));

    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(150);
    start = now_ms();
    until = in_ms(CLOCK_REALTIME, 3000);
    SAY(sem_timedwait(&semaphore, &until));
    elapsed("after", start, 150);

    handle(SIGALRM, on_alarm, SA_RESTART);
    pthread_t thread;
    for (int timed = 0; timed < 2; timed++) {
        start = now_ms();
        alarm_in_ms(100);
        pthread_create(&thread, NULL, post_later, NULL);
        if (timed) {
            until = in_ms(CLOCK_REALTIME, 3000);
            SAY(sem_timedwait(&semaphore, &until));
        } else {
            SAY(sem_wait(&semaphore));
        }
        elapsed("after", start, timed ? 100 : 250);
        say("caught %d\n", (int)caught);
        pthread_join(thread, NULL);
    }
}
