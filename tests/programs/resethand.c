// siglab-test: outcomes = one
// SA_RESETHAND: the handler runs once; with SA_NODEFER the second signal kills in it.
#include "observe.h"

static void on_term(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    say("%s, now by default: %s\n", signal_name(number), yes(now.sa_handler == SIG_DFL));
    raise(number);
    say("still there\n");
}

static void on_segv(int number) {
    say("%s once\n", signal_name(number));
}

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGTERM, on_term, SA_RESETHAND);
        raise(SIGTERM); // deferred to the handler's end
        say("not reached\n");
    }
    reap("deferred", child);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGTERM, on_term, SA_RESETHAND | SA_NODEFER);
        raise(SIGTERM);
        say("not reached\n");
    }
    reap("not deferred", child);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGSEGV, on_segv, SA_RESETHAND);
        *(volatile int *)8 = 1;
        say("not reached\n");
    }
    reap("fault", child);
}
