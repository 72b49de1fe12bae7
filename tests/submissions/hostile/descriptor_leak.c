// siglab-expect: diagnosis = not-done
// Descriptors without end.

#include <fcntl.h>
#include <stdio.h>

int main(void) {
    for (;;) {
        if (open("/dev/null", O_RDONLY) < 0) {
            perror("open");
            return 1;
        }
    }
    puts("done");
    return 0;
}
