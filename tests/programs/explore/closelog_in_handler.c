// siglab-explore: finds = deadlock, unsafe-call
// siglab-explore: may = crash
// siglab-explore: alone = exits 0
// syslog_lock: openlog(3) in main, closelog(3) in the handler. Nothing is sent to a daemon.
#include "explore.h"
#include <syslog.h>

static void on_sighup(int number) {
    (void)number;
    closelog();
}

int main(void) {
    handle(SIGHUP, on_sighup, SA_RESTART);
    openlog("corpus", 0, LOG_USER);
    say("log opened\n");
    closelog();
}
