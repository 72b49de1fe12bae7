// siglab-expect: diagnosis = crashed
// Asks for memory without end, and never looks whether it got some.

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    for (;;) {
        volatile char *more = malloc(64 << 20);
        more[0] = 1;
    }
}
