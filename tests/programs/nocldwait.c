// siglab-test: outcomes = one
// SA_NOCLDWAIT: children leave no zombies, but their SIGCHLD comes; wait(2) waits until
// the last has gone.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_child(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGCHLD, on_child, SA_NOCLDWAIT | SA_RESTART);
    int64_t start = now_ms();
    for (int i = 1; i <= 2; i++)
        if (MUST(fork()) == 0) {
            sleep_ms(i * 100);
            _exit(i);
        }
    SAY(waitpid(-1, NULL, 0));
    elapsed("after", start, 200);
    say("caught %d\n", (int)caught);
    SAY(waitpid(-1, NULL, WNOHANG));
}
