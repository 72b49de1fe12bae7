// siglab-expect: diagnosis = crashed
// Recursion without end.

#include <stdio.h>

static int deeper(volatile char *above) {
    volatile char here[1024];
    here[0] = above[0];
    return deeper(here) + here[0];
}

int main(void) {
    volatile char first[1] = {1};
    printf("%d done\n", deeper(first));
    return 0;
}
