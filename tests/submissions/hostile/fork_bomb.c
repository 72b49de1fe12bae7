// siglab-expect: diagnosis = too-many-processes | computes-forever | too-many-events
// siglab-expect: environments = all
// Processes without end.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (;;) {
        fork();
    }
    puts("done");
    return 0;
}
