// siglab-expect: diagnosis = stopped
// raise(SIGSTOP), and nobody continues it.

#include <signal.h>
#include <stdio.h>

int main(void) {
    raise(SIGSTOP);
    puts("done");
    return 0;
}
