// siglab-test: outcomes = one
// Ways to end a process from a handler, and in a thread.
#include "observe.h"

static int way;

static void at_exit(void) {
    say("at exit\n");
}

static void on_alarm(int number) {
    (void)number;
    say("way %d\n", way);
    if (way == 0)
        _exit(7);
    if (way == 1)
        exit(8);
    if (way == 2)
        quick_exit(9);
    if (way == 3)
        raise(SIGKILL);
    signal(SIGALRM, SIG_DFL);
    raise(SIGALRM);
}

static void *run(void *unused) {
    (void)unused;
    sigset_t set = set_of(SIGALRM, 0, 0);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    pause();
    return NULL;
}

int main(void) {
    for (way = 0; way < 5; way++) {
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            atexit(at_exit);
            handle(SIGALRM, on_alarm, 0);
            block(SIGALRM);
            pthread_t thread;
            pthread_create(&thread, NULL, run, NULL);
            alarm_in_ms(50);
            pthread_join(thread, NULL);
        }
        reap("child", child);
    }
    return 300; // modulo 256
}
