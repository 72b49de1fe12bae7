// siglab-test: outcomes = one
// The first thread ends by pthread_exit(3), the others go on; the process still gets
// signals, and its status is that of the last exit.
#include "observe.h"

static void on_usr1(int number) {
    say("%s, not in the first thread: %s\n", signal_name(number), yes(gettid() != getpid()));
}

static void *run(void *unused) {
    (void)unused;
    sleep_ms(60);
    say("the first thread has ended\n");
    kill(getpid(), SIGUSR1);
    sleep_ms(60);
    exit(6);
}

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGUSR1, on_usr1, SA_RESTART);
        pthread_t thread;
        pthread_create(&thread, NULL, run, NULL);
        pthread_exit(NULL);
    }
    int status;
    int64_t start = now_ms();
    SAY(waitpid(child, &status, WNOHANG));
    reap("child", child);
    elapsed("after", start, 120);
}
