// Executes a 32-bit program of 12 bytes of code, which would exit with 7; with an argument, in
// a child.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned char elf32[] = {
    0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
    0xb8, 1, 0, 0, 0, 0xbb, 7, 0, 0, 0, 0xcd, 0x80};

int main(int argc, char **argv) {
    (void)argv;
    puts("before");
    fflush(stdout);
    if (argc > 1 && fork() > 0) {
        wait(NULL);
        puts("after");
        return 0;
    }
    char *args[] = {"x", NULL};
    int fd = memfd_create("x", 0);
    if (write(fd, elf32, sizeof elf32) != sizeof elf32)
        return 1;
    execveat(fd, "", args, args + 1, AT_EMPTY_PATH);
    return 2;
}
