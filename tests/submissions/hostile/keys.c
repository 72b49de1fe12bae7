// siglab-expect: diagnosis = forbidden-call
// Keys that the kernel keeps for the user.

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    if (syscall(SYS_keyctl, 0, -3, 0, 0, 0) < 0) {
        perror("keyctl");
        return 1;
    }
    puts("done");
    return 0;
}
