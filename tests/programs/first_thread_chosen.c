// siglab-test: outcomes = one
// Signals for a process whose first thread is at work, while another one that doesn't block them
// sleeps: the kernel chooses the first thread (complete_signal in kernel/signal.c).
#include "observe.h"
#include <sched.h>
#include <semaphore.h>
#include <sys/time.h>

static _Atomic(pid_t) taker;
// Whether the first thread is out of pthread_create(3), which blocks all signals for a while.
static sem_t at_work;

static void on_signal(int signal) {
    (void)signal;
    taker = gettid();
}

static void *sleeper(void *argument) {
    (void)argument;
    struct timespec rest = {.tv_sec = 1};
    int result = nanosleep(&rest, &rest);
    return result == 0 ? "all the time" : (void *)error_name(errno);
}

static void wait_for_work(void) {
    sem_wait(&at_work);
    sleep_ms(5);
}

static void *with_kill(void *argument) {
    (void)argument;
    wait_for_work();
    MUST(kill(getpid(), SIGUSR1));
    return NULL;
}

static void *with_sigqueue(void *argument) {
    (void)argument;
    wait_for_work();
    MUST(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 7}));
    return NULL;
}

static void *with_child(void *argument) {
    (void)argument;
    wait_for_work();
    pid_t child = fork();
    if (child == 0) {
        sleep_ms(5);
        _exit(0);
    }
    return NULL;
}

static void *with_alarm(void *argument) {
    (void)argument;
    wait_for_work();
    MUST(setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 5000}, NULL));
    return NULL;
}

// Works until somebody has taken the signal.
static void take(const char *name, void *(*sender)(void *)) {
    taker = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, sender, NULL);
    pthread_detach(thread);
    sem_post(&at_work);
    while (taker == 0)
        sched_yield();
    say("%s: taken by %s\n", name, taker == getpid() ? "the first thread" : "another");
}

int main(void) {
    handle(SIGUSR1, on_signal, 0);
    handle(SIGRTMIN + 1, on_signal, 0);
    handle(SIGCHLD, on_signal, 0);
    handle(SIGALRM, on_signal, 0);
    sem_init(&at_work, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, sleeper, NULL);
    sleep_ms(100);
    take("kill", with_kill);
    take("sigqueue", with_sigqueue);
    take("child", with_child);
    take("alarm", with_alarm);
    void *slept;
    pthread_join(thread, &slept);
    say("the sleeper has slept: %s\n", (const char *)slept);
}
