// siglab-expect: diagnosis = not-done
// siglab-expect: needs = L2
// siglab-expect: needs = L3
// Many files, none too large: the file system that they are in ends.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    for (int number = 0; number < 1000; number++) {
        char name[32];
        snprintf(name, sizeof name, "file%d", number);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        int error = posix_fallocate(fd, 0, 15 << 20);
        close(fd);
        if (error != 0) {
            fprintf(stderr, "%d files: %s\n", number, strerror(error));
            return 1;
        }
    }
    puts("done");
    return 0;
}
