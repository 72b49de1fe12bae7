// siglab-expect: diagnosis = too-many-processes | computes-forever | too-many-events
// Children that end at once and are never waited for.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (;;) {
        if (fork() == 0) {
            _exit(0);
        }
    }
    puts("done");
    return 0;
}
