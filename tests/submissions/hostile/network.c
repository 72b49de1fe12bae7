// siglab-expect: diagnosis = network
// siglab-expect: environments = all
// A socket to somewhere else.

#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    if (socket(AF_INET, SOCK_STREAM, 0) < 0) {
        perror("socket");
        return 1;
    }
    puts("done");
    return 0;
}
