// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// A sibling, whose parent is the program's own.

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    long child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        _exit(kill(getppid(), SIGKILL) == 0 ? 0 : 1);
    }
    sleep(1);
    return 1;
}
