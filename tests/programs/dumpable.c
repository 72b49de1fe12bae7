// siglab-test: outcomes = one
// A process that nobody may look at is run like any other: PR_SET_DUMPABLE, in a child and after
// an exec.
#include "observe.h"
#include <sys/prctl.h>

int main(int count, char **args) {
    if (count > 1) {
        SAY(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
        return 0;
    }
    SAY(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    SAY(prctl(PR_SET_DUMPABLE, 2, 0, 0, 0));
    SAY(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    SAY(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        SAY(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
        raise(SIGTERM);
    }
    reap("child", child);
    execl(args[0], args[0], "again", NULL);
}
