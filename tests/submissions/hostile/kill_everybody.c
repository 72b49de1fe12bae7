// siglab-expect: diagnosis = sent-to-everybody
// siglab-expect: diagnosis = reached-outside
// siglab-expect: environments = all
// kill(-1, SIGKILL): as root, the end of the machine.

#include <signal.h>
#include <stdio.h>

int main(void) {
    if (kill(-1, SIGKILL) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
