// siglab-test: outcomes = one
// SIGEV_THREAD_ID: a timer whose signal goes to one thread.
#include "observe.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile pid_t seen_by;
static sem_t known, caught;
static pid_t target;

static void on_usr1(int number) {
    (void)number;
    seen_by = gettid();
    sem_post(&caught);
}

static void *run(void *unused) {
    (void)unused;
    target = gettid();
    sem_post(&known);
    while (sem_wait(&caught) == -1) {
    }
    return NULL;
}

int main(void) {
    handle(SIGUSR1, on_usr1, 0);
    sem_init(&known, 0, 0);
    sem_init(&caught, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    while (sem_wait(&known) == -1) {
    }
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = target;
    timer_t timer;
    SAY(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SAY(timer_settime(timer, 0, &(struct itimerspec){.it_value = timespec_of_ms(60)}, NULL));
    pthread_join(thread, NULL);
    say("in that thread: %s\n", yes(seen_by == target && seen_by != getpid()));
}
