// siglab-test: outcomes = one
// vfork(2): the parent goes on when the child has exec'd or exited.
#include "observe.h"

int main(void) {
    int64_t start = now_ms();
    pid_t child = vfork();
    if (child == 0) {
        usleep(60000);
        _exit(4);
    }
    elapsed("back after", start, 60);
    reap("child", child);
    start = now_ms();
    child = vfork();
    if (child == 0) {
        usleep(60000);
        execl("/bin/sh", "sh", "-c", "sleep 0.1; exit 5", NULL);
        _exit(99);
    }
    elapsed("back after", start, 60);
    reap("child", child);
    elapsed("ended after", start, 160);
    child = vfork();
    if (child == 0) {
        execl("/does/not/exist", "x", NULL);
        _exit(errno == ENOENT ? 6 : 99);
    }
    reap("child", child);
}
