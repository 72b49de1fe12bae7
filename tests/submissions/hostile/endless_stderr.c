// siglab-expect: diagnosis = too-much-output
// The same on standard error.

#include <stdio.h>

int main(void) {
    for (;;) {
        fputs("and on\n", stderr);
    }
}
