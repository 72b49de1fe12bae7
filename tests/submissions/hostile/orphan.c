// siglab-expect: diagnosis = orphan-left
// siglab-expect: environments = all
// A child that outlives its parent.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (fork() == 0) {
        sleep(1000);
        _exit(0);
    }
    sleep(1);
    puts("done");
    return 0;
}
