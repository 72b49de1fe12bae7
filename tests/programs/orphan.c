// siglab-test: outcomes = one
// When a parent ends, its child gets another one, and the signal that it asked for.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_usr1(int number) {
    (void)number;
    caught++;
}

int main(void) {
    int ends[2], ready[2];
    MUST(pipe(ends));
    MUST(pipe(ready));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        pid_t parent = getpid();
        handle(SIGUSR1, on_usr1, 0);
        block(SIGUSR1);
        if (MUST(fork()) == 0) {
            MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1));
            say("its parent: %s\n", yes(getppid() == parent));
            MUST(write(ready[1], "x", 1));
            sigset_t none = set_of(0, 0, 0);
            sigsuspend(&none);
            say("caught %d, another parent: %s\n", (int)caught, yes(getppid() != parent));
            sleep_ms(60);
            MUST(write(ends[1], "x", 1));
            _exit(0);
        }
        char byte;
        MUST(read(ready[0], &byte, 1));
        sleep_ms(60);
        _exit(3);
    }
    close(ends[1]);
    char byte;
    SAY(read(ends[0], &byte, 1));
    SAY(read(ends[0], &byte, 1));
    reap("child", child);
    SAY(wait(NULL));
}
