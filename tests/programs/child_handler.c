// siglab-test: outcomes = one
// A SIGCHLD handler that reaps in a loop: children that end while it is blocked share one
// signal, and none is lost.
#include "observe.h"

static volatile sig_atomic_t caught, reaped, sum;

static void on_child(int number) {
    (void)number;
    caught++;
    int before = errno, status;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        reaped++;
        sum += WEXITSTATUS(status);
    }
    errno = before;
}

int main(void) {
    handle(SIGCHLD, on_child, SA_RESTART | SA_NOCLDSTOP);
    block(SIGCHLD);
    for (int i = 1; i <= 4; i++)
        if (MUST(fork()) == 0)
            _exit(i);
    sleep_ms(120);
    unblock(SIGCHLD);
    say("caught %d, reaped %d, sum %d\n", (int)caught, (int)reaped, (int)sum);
    for (int i = 1; i <= 3; i++)
        if (MUST(fork()) == 0) {
            sleep_ms(i * 100);
            _exit(i);
        }
    block(SIGCHLD);
    sigset_t none = set_of(0, 0, 0);
    while (reaped < 7)
        sigsuspend(&none);
    say("caught %d, reaped %d, sum %d\n", (int)caught, (int)reaped, (int)sum);
}
