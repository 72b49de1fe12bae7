// siglab-expect: diagnosis = forbidden-call
// siglab-expect: environments = all
// Attaches to the grader.

#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0) {
        perror("ptrace");
        return 1;
    }
    waitpid(getppid(), NULL, 0);
    puts("done");
    return 0;
}
