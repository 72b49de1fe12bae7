// siglab-expect: diagnosis = send-failed
// A pid that was never set.

#include <signal.h>
#include <stdio.h>

int main(void) {
    volatile pid_t child = 0x7ffffff1;
    if (kill(child, SIGTERM) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
