// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// kill(getppid(), SIGKILL): the parent is the grader.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (kill(getppid(), SIGKILL) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
