// siglab-test: outcomes = one
// siglab-test: flags = -static
// A statically linked program: sleeps, threads, timers, signals.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

static void *run(void *unused) {
    (void)unused;
    sleep_ms(60);
    return NULL;
}

int main(void) {
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(150);
    struct timespec rest;
    int64_t start = now_ms();
    SAY(nanosleep(&(struct timespec){.tv_sec = 2}, &rest));
    elapsed("after", start, 150);
    left("rest", ms_of_timespec(rest), 1850);
    pthread_t thread;
    start = now_ms();
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    elapsed("joined after", start, 60);
    time_t now = time(NULL);
    say("a time: %s, caught %d\n", yes(now > 1577836800), (int)caught);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        abort();
    reap("child", child);
}
