// siglab-explore: clean
// siglab-explore: alone = exits 0
// Children are waited for with sigwaitinfo(2): SIGCHLD is blocked, and each one taken is a
// reason to ask about all children.
#include "explore.h"

int main(void) {
    block(SIGCHLD);
    for (int child = 0; child < 3; child++)
        if (MUST(fork()) == 0)
            _exit(0);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    for (int left = 3; left > 0;) {
        if (sigwaitinfo(&wanted, NULL) == -1 && errno != EINTR)
            return 2;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            left--;
    }
    printf("all children have ended\n");
}
