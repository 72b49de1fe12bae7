// siglab-expect: diagnosis = zombie-left
// A child that ended, and nobody waited for it.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (fork() == 0) {
        _exit(0);
    }
    sleep(1);
    puts("done");
    return 0;
}
