// siglab-expect: diagnosis = crashed | used-up | computes-forever
// Uses all the memory that it gets.

#include <stdlib.h>
#include <string.h>

int main(void) {
    for (;;) {
        char *more = malloc(16 << 20);
        memset(more, 1, 16 << 20);
    }
}
