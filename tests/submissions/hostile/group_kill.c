// siglab-expect: diagnosis = killed-itself
// siglab-expect: environments = all
// kill(0, SIGKILL): the group is that of the program, not of the grader.

#include <signal.h>
#include <stdio.h>

int main(void) {
    kill(0, SIGKILL);
    puts("done");
    return 0;
}
