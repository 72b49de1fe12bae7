// siglab-expect: diagnosis = too-much-output
// Output without end.

#include <stdio.h>

int main(void) {
    for (;;) {
        puts("and on");
    }
}
