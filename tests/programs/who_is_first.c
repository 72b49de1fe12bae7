// Says who runs first after fork(); with an argument, what reading standard input gives.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        char byte;
        printf("read: %zd\n", read(0, &byte, 1));
        return 0;
    }
    if (fork() == 0) {
        write(1, "child\n", 6);
        _exit(0);
    }
    write(1, "parent\n", 7);
    wait(NULL);
    return 0;
}
