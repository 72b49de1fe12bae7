// siglab-test: outcomes = one
// A subreaper that waits is told of its child's end and of the zombie that this leaves in one
// go: the two SIGCHLDs merge.
#include "observe.h"

static volatile sig_atomic_t told;

static void on_chld(int number) {
    (void)number;
    told++;
}

int main(void) {
    static const char *const ways[] = {"exit", "SIGTERM", "SIGABRT"};
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    handle(SIGCHLD, on_chld, 0);
    for (int way = 0; way < 3; way++) {
        told = 0;
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            pid_t grandchild = (pid_t)MUST(fork());
            if (grandchild == 0)
                _exit(3);
            siginfo_t info;
            while (waitid(P_PID, (id_t)grandchild, &info, WEXITED | WNOWAIT) == -1) {
            }
            sleep_ms(50);
            if (way == 1)
                raise(SIGTERM);
            if (way == 2)
                abort();
            _exit(4);
        }
        sleep_ms(150);
        say("%s: told %d times\n", ways[way], (int)told);
        reap("the child", child);
        int status;
        MUST(wait(&status));
        say_status("the grandchild", status);
    }
}
