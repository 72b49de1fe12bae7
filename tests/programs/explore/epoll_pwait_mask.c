// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGHUP = exits 0
// epoll_pwait(2) as the only place where the signal isn't blocked.
#include "explore.h"

static volatile sig_atomic_t caught;

static void on_sighup(int number) {
    (void)number;
    caught = 1;
}

int main(void) {
    sigset_t before = block(SIGHUP);
    handle(SIGHUP, on_sighup, 0);
    int set = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
    while (!caught) {
        struct epoll_event event;
        if (epoll_pwait(set, &event, 1, -1, &before) == -1 && errno != EINTR)
            return 2;
    }
    close(set);
    say("caught\n");
}
