// siglab-expect: full-marks = yes
// Sockets between the processes of a program are fine.

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    int ends[2];
    char byte = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || socket(AF_UNIX, SOCK_DGRAM, 0) < 0) {
        perror("socket");
        return 1;
    }
    if (write(ends[0], "x", 1) == 1 && read(ends[1], &byte, 1) == 1 && byte == 'x') {
        puts("done");
    }
    return 0;
}
