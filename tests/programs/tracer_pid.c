// siglab-test: outcomes = one
// What /proc says of a process: that nobody traces it, however the file is opened.
#include "observe.h"

#include <linux/openat2.h>
#include <pthread.h>

static void show(const char *how, int fd) {
    char text[4096];
    ssize_t size = 0, more;
    if (fd < 0) {
        say("%s: errno %s\n", how, strerror(errno));
        return;
    }
    while ((more = read(fd, text + size, sizeof text - 1 - (size_t)size)) > 0)
        size += more;
    text[size] = '\0';
    const char *tracer = strstr(text, "\nTracerPid:\t");
    const char *state = strstr(text, "\nState:\t");
    char found[64];
    snprintf(found, sizeof found, "%.12s %.8s", tracer ? tracer + 1 : "?", state ? state + 1 : "?");
    say("%s: %s\n", how, found);
    say("again: %s\n", yes(lseek(fd, 0, SEEK_SET) == 0 && read(fd, text, 5) == 5 && memcmp(text, "Name:", 5) == 0));
    say("read-only: %s\n", yes(write(fd, "x", 1) == -1 && errno == EBADF));
    close(fd);
}

static void *in_thread(void *unused) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)syscall(SYS_gettid));
    show("task", open(path, O_RDONLY));
    show("thread-self", open("/proc/thread-self/status", O_RDONLY));
    return unused;
}

int main(void) {
    char path[64];
    show("open", (int)syscall(SYS_open, "/proc/self/status", O_RDONLY));
    show("openat", openat(AT_FDCWD, "//proc/./self/../self/status", O_RDONLY | O_CLOEXEC));
    struct open_how how = {.flags = O_RDONLY};
    show("openat2", (int)syscall(SYS_openat2, AT_FDCWD, "/proc/self/status", &how, sizeof how));
    int folder = (int)MUST(open("/proc/self", O_PATH | O_DIRECTORY));
    show("folder", openat(folder, "status", O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/status", (int)getpid());
    show("pid", open(path, O_RDONLY));
    FILE *file = fopen("/proc/self/status", "re");
    say("close-on-exec: %s\n", yes(file && fcntl(fileno(file), F_GETFD) == FD_CLOEXEC));
    if (file)
        fclose(file);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, in_thread, NULL));
    MUST(pthread_join(thread, NULL));

    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        pause();
        _exit(0);
    }
    // It waits soon, and natively nobody knows when.
    sleep_ms(50);
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    show("child", open(path, O_RDONLY));
    MUST(kill(child, SIGKILL));
    MUST(waitpid(child, NULL, 0));
    show("nobody", open(path, O_RDONLY));
    show("no status", open("/proc/self/nostatus", O_RDONLY));
    show("bad path", open((const char *)8, O_RDONLY));
    MUST(chdir("/proc/self"));
    show("relative", open("status", O_RDONLY));
    return 0;
}
