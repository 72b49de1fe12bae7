// siglab-expect: full-marks = yes
// siglab-expect: needs = L1
// It is nobody, and stays that.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    uid_t before = getuid();
    if (before == 0 || setuid(0) == 0 || setgid(0) == 0 || getuid() != before || geteuid() != before) {
        return 1;
    }
    puts("done");
    return 0;
}
