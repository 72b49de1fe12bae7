// siglab-expect: full-marks = yes
// siglab-expect: needs = L3
// Files of the grader, of the machine, and its own program: none of them may be written.
// Its own folder may.

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int writable(const char *path, int flags) {
    int fd = open(path, flags, 0600);
    if (fd < 0) {
        return 0;
    }
    fprintf(stderr, "could write %s\n", path);
    close(fd);
    return 1;
}

int main(int argc, char **argv) {
    static const char *const files[] = {
        "/etc/passwd", "/etc/ld.so.preload", "/usr/bin/siglab-was-here", "/var/tmp/siglab-was-here",
        "/siglab-was-here", "/proc/sys/kernel/core_pattern", "/dev/sda", "/proc/1/mem",
    };
    int bad = argc != 1 || writable(argv[0], O_WRONLY);
    for (unsigned number = 0; number < sizeof files / sizeof *files; number++) {
        int may_be_there = strncmp(files[number], "/proc", 5) == 0;
        bad += writable(files[number], may_be_there ? O_WRONLY : O_WRONLY | O_CREAT);
    }
    if (bad == 0 && writable("own-file", O_WRONLY | O_CREAT)) {
        puts("done");
    }
    return bad;
}
