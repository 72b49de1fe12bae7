// siglab-test: outcomes = one
// A child that is killed isn't dead yet when its parent asks at once; it is when the parent waits, or has asked
// often enough.
#include "observe.h"

static pid_t make_child(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    sleep_ms(5);
    return child;
}

int main(void) {
    int status = 0;
    pid_t child = make_child();
    MUST(kill(child, SIGKILL));
    // On a busy machine it may be dead by now, natively.
    if (waitpid(child, &status, WNOHANG) == 0) {
        MUST(waitpid(child, &status, 0));
    }
    say("killed by %d\n", WTERMSIG(status));

    child = make_child();
    MUST(kill(child, SIGKILL));
    while (waitpid(child, &status, WNOHANG) == 0) {
    }
    say("killed by %d\n", WTERMSIG(status));

    child = make_child();
    MUST(kill(child, SIGKILL));
    SAY(kill(child, 0));
    MUST(waitpid(child, &status, 0));
    say("killed by %d\n", WTERMSIG(status));
}
