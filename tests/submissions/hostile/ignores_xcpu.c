// siglab-expect: diagnosis = computes-forever
// The warning before the limit on processor time is ignored.

#include <signal.h>
#include <stdio.h>

int main(void) {
    signal(SIGXCPU, SIG_IGN);
    for (;;) {
        volatile double work = 1.0;
        for (int turn = 0; turn < 1000000; turn++) {
            work = work * 1.0000001;
        }
    }
    puts("done");
    return 0;
}
