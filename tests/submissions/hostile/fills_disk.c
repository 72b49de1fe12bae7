// siglab-expect: diagnosis = file-too-large
// A file without end.

#include <fcntl.h>
#include <unistd.h>

static char block[1 << 16];

int main(void) {
    int fd = open("large", O_CREAT | O_WRONLY, 0600);
    while (write(fd, block, sizeof block) > 0) {
    }
    return 1;
}
