// siglab-explore: clean
// siglab-explore: alone = exits 0
// siglab-explore: sent SIGUSR1 = exits 0
// Without SA_RESTART a read fails with EINTR: it is made again. Also for wait and write.
#include "explore.h"

static void on_sigusr1(int number) {
    (void)number;
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        usleep(1000);
        static const char text[] = "hello from the child\n";
        _exit(write(ends[1], text, sizeof text - 1) == -1);
    }
    close(ends[1]);
    handle(SIGUSR1, on_sigusr1, 0);
    for (;;) {
        char text[100];
        ssize_t length = read(ends[0], text, sizeof text);
        if (length == 0)
            break;
        if (length == -1 && errno == EINTR)
            continue;
        if (length == -1)
            return 2;
        // Less than a pipe takes at once, and not blocking then: all or nothing.
        while (write(STDOUT_FILENO, text, (size_t)length) == -1)
            if (errno != EINTR)
                return 2;
    }
    int status;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
