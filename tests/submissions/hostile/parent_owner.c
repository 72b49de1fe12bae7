// siglab-expect: diagnosis = forbidden-call
// siglab-expect: environments = all
// SIGIO for the grader, whose default action ends it.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int ends[2];
    if (pipe(ends) != 0) {
        return 2;
    }
    if (fcntl(ends[0], F_SETSIG, SIGKILL) != 0 || fcntl(ends[0], F_SETOWN, getppid()) != 0) {
        perror("fcntl");
        return 1;
    }
    fcntl(ends[0], F_SETFL, O_ASYNC);
    if (write(ends[1], "x", 1) == 1) {
        puts("done");
    }
    return 0;
}
