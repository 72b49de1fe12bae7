// siglab-test: outcomes = one
// A handler during a read(2) from an empty pipe: with SA_RESTART it goes on, without it
// fails with EINTR.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_usr1(int number) {
    (void)number;
    caught++;
}

static void read_with(int flags) {
    handle(SIGUSR1, on_usr1, flags);
    int ends[2];
    MUST(pipe(ends));
    int64_t start = now_ms();
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        for (int i = 0; i < 2; i++) {
            sleep_ms(100);
            kill(parent, SIGUSR1);
        }
        sleep_ms(100);
        MUST(write(ends[1], "x", 1));
        _exit(0);
    }
    char byte;
    ssize_t length;
    while ((length = read(ends[0], &byte, 1)) == -1)
        said("read", length);
    said("read", length);
    elapsed("after", start, 300);
    reap_silently(child);
    say("caught %d\n", (int)caught);
}

int main(void) {
    read_with(SA_RESTART);
    read_with(0);
}
