// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGHUP = waits
// siglab-explore: sent SIGTERM = exits 0
// A daemon's main loop: SIGHUP reads the configuration again, SIGTERM stops. Both are blocked
// but for sigsuspend, and all that they lead to happens in main.
#include "explore.h"

static volatile sig_atomic_t reload = 1, stop;

static void on_signal(int number) {
    if (number == SIGHUP)
        reload = 1;
    else
        stop = 1;
}

int main(void) {
    sigset_t before = block(SIGHUP);
    block(SIGTERM);
    handle(SIGHUP, on_signal, SA_RESTART);
    handle(SIGTERM, on_signal, SA_RESTART);
    const char *what = "configuration read\n";
    while (!stop) {
        if (reload) {
            reload = 0;
            char *configuration = strdup(what);
            if (configuration == NULL)
                return 2;
            say(configuration);
            free(configuration);
            what = "configuration read again\n";
        } else {
            sigsuspend(&before);
        }
    }
    say("stopped\n");
}
