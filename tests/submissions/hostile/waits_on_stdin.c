// siglab-expect: full-marks = yes
// There is no input, and nobody to wait for.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    puts("done");
    return 0;
}
