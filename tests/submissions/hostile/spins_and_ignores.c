// siglab-expect: diagnosis = computes-forever
// All signals ignored, and computing for ever.

#include <signal.h>
#include <stdio.h>

int main(void) {
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_IGN);
    }
    for (volatile unsigned long turn = 0;; turn++) {
    }
    puts("done");
    return 0;
}
