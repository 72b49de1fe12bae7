// Takes each EINTR for Ctrl+C, though it was the window that got another size.
#include "explore/explore.h"

static void on_sigwinch(int number) {
    (void)number;
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    struct pollfd keys = {.fd = ends[0], .events = POLLIN};
    handle(SIGWINCH, on_sigwinch, SA_RESTART);
    for (;;) {
        if (poll(&keys, 1, -1) == -1 && errno == EINTR)
            raise(SIGINT);
    }
}
