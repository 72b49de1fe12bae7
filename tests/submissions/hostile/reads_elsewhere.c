// siglab-expect: full-marks = yes
// siglab-expect: needs = L3
// Secrets of the grader and of the machine: none of them may be read.

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int readable(const char *path) {
    char byte;
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return 0;
    }
    int is_folder = read(fd, &byte, 1) < 0;
    close(fd);
    fprintf(stderr, "could open %s\n", path);
    return is_folder ? access(path, R_OK) == 0 : 1;
}

int main(void) {
    static const char *const files[] = {
        "/etc/shadow", "/root", "/home", "/var", "/work", "/proc/1/environ", "/proc/1/mem",
    };
    int bad = 0;
    for (unsigned number = 0; number < sizeof files / sizeof *files; number++) {
        bad += readable(files[number]);
    }
    char path[64];
    static const char *const of_parent[] = {"environ", "mem", "maps", "fd/0", "cwd", "root"};
    for (unsigned number = 0; number < sizeof of_parent / sizeof *of_parent; number++) {
        snprintf(path, sizeof path, "/proc/%d/%s", (int)getppid(), of_parent[number]);
        bad += readable(path);
    }
    if (bad == 0) {
        puts("done");
    }
    return bad;
}
