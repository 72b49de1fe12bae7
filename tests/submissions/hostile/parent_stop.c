// siglab-expect: diagnosis = sent-to-parent
// Stops the grader for a while.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (kill(getppid(), SIGSTOP) != 0) {
        perror("kill");
        return 1;
    }
    sleep(2);
    kill(getppid(), SIGCONT);
    puts("done");
    return 0;
}
