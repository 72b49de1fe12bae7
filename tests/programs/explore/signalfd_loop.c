// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
// signalfd(2): signals are read like data. There is no handler, and nothing is interrupted.
#include "explore.h"

int main(void) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    MUST(sigprocmask(SIG_BLOCK, &wanted, NULL));
    int fd = (int)MUST(signalfd(-1, &wanted, SFD_CLOEXEC));
    for (;;) {
        struct signalfd_siginfo info;
        MUST(read(fd, &info, sizeof info));
        if (info.ssi_signo == SIGTERM)
            break;
        printf("asked to reload\n");
    }
    printf("asked to stop\n");
}
