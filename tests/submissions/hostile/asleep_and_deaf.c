// siglab-expect: diagnosis = deadlock
// All signals blocked, and asleep for ever.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    pause();
    puts("done");
    return 0;
}
