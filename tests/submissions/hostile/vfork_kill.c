// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// A child that has its parent's memory, and no more rights.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t grader = getppid();
    pid_t child = vfork();
    if (child == 0) {
        _exit(kill(grader, SIGKILL) == 0 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    if (status != 0) {
        return 1;
    }
    puts("done");
    return 0;
}
