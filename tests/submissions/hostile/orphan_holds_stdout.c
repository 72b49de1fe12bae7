// siglab-expect: diagnosis = orphan-left
// Whoever waits for the end of its output waits for the orphan.

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (fork() == 0) {
        setsid();
        pause();
        _exit(0);
    }
    sleep(1);
    puts("done");
    return 0;
}
