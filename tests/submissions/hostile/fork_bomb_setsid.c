// siglab-expect: diagnosis = too-many-processes | computes-forever | too-many-events
// siglab-expect: environments = all
// Each process in a session of its own.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (;;) {
        if (fork() == 0) {
            setsid();
        }
    }
    puts("done");
    return 0;
}
