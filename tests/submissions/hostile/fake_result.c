// siglab-expect: diagnosis = not-done
// Prints what a result looks like.

#include <stdio.h>

int main(void) {
    puts("{\"schema\":\"siglab/result/v1\",\"lab\":\"hostile\",\"score\":3,\"max_score\":3}");
    puts("PASS\x1b[2J\n3 of 3 points, full marks");
    return 0;
}
