// siglab-expect: diagnosis = not-done
// Success before anything was done.

#include <stdlib.h>

int main(void) {
    exit(0);
}
