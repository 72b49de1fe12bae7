// The command that an init of a container runs: tells of the signals that are passed on to it, or
// makes orphans, or is killed.
#include "observe.h"

// Tells of each signal that an init passes on, and leaves with 3 on SIGTERM.
static int tell(void) {
    static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        sigaddset(&set, passed_on[i]);
    }
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    say("ready\n");
    for (;;) {
        int got = (int)MUST(sigwaitinfo(&set, NULL));
        say("got SIG%s\n", sigabbrev_np(got));
        if (got == SIGTERM) {
            return 3;
        }
    }
}

// Three grandchildren lose their parents, end together, and are gone when somebody has reaped them.
// No event tells of that.
static int make_orphans(void) {
    int end[2], told[2];
    MUST(pipe(end));
    MUST(pipe(told));
    pid_t orphans[3];
    for (int i = 0; i < 3; i++) {
        pid_t parent = (pid_t)MUST(fork());
        if (parent == 0) {
            pid_t orphan = (pid_t)MUST(fork());
            if (orphan == 0) {
                close(end[1]);
                char none;
                _exit(read(end[0], &none, 1) != 0);
            }
            _exit(write(told[1], &orphan, sizeof orphan) != sizeof orphan);
        }
        MUST(waitpid(parent, NULL, 0));
        MUST(read(told[0], &orphans[i], sizeof *orphans));
    }
    say("ready\n");
    close(end[1]);
    for (int i = 0; i < 3; i++) {
        for (int tries = 0; kill(orphans[i], 0) == 0; tries++) {
            if (tries == 5000) {
                say("an orphan isn't reaped\n");
                return 1;
            }
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    say("all are reaped\n");
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "die") == 0) {
        raise(atoi(argv[2]));
        return 99;
    }
    if (argc > 2 && strcmp(argv[1], "exit") == 0) {
        return atoi(argv[2]);
    }
    return argc > 1 && strcmp(argv[1], "orphans") == 0 ? make_orphans() : tell();
}
