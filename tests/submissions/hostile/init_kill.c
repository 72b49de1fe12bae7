// siglab-expect: diagnosis = sent-outside
// siglab-expect: environments = all
// kill(1, SIGTERM).

#include <signal.h>
#include <stdio.h>

int main(void) {
    if (kill(1, SIGTERM) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
