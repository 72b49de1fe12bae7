// siglab-expect: diagnosis = too-much-output
// One line of a gibibyte, of NUL bytes.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 16];

int main(void) {
    for (int number = 0; number < (1 << 14); number++) {
        if (write(1, block, sizeof block) < 0) {
            return 1;
        }
    }
    puts("");
    return 0;
}
