// siglab-test: outcomes = one
// SA_NODEFER lets a handler interrupt itself; otherwise the signal waits for its end.
#include "observe.h"

static volatile sig_atomic_t depth, entered;

static void on_usr1(int number) {
    say("in, depth %d\n", (int)++depth);
    if (++entered < 3) {
        raise(number);
        raise(number);
    }
    say("out, depth %d\n", (int)depth--);
}

int main(void) {
    handle(SIGUSR1, on_usr1, SA_NODEFER);
    raise(SIGUSR1);
    say("deferred\n");
    entered = 0;
    handle(SIGUSR1, on_usr1, 0);
    raise(SIGUSR1);
}
