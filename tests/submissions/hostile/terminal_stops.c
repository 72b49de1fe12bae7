// siglab-expect: full-marks = yes
// Signals of a terminal stop nobody in an orphaned process group.

#include <signal.h>
#include <stdio.h>

int main(void) {
    raise(SIGTSTP);
    raise(SIGTTIN);
    raise(SIGTTOU);
    puts("done");
    return 0;
}
