// siglab-test: outcomes = one
// A subreaper gets the orphans below it, and reaps them.
#include "observe.h"

int main(void) {
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t me = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        if (MUST(fork()) == 0) {
            sleep_ms(100);
            say("adopted: %s\n", yes(getppid() == me));
            _exit(7);
        }
        _exit(3);
    }
    reap("child", child);
    int status;
    MUST(wait(&status));
    say_status("grandchild", status);
    SAY(wait(NULL));
}
