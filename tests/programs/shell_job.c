// A job of a shell, at a terminal: tells of each signal that it gets, and whether it is in the
// foreground then. Stops on SIGTSTP, ends on SIGQUIT.
#include "observe.h"

static const char *place(void) {
    return tcgetpgrp(0) == getpgrp() ? "foreground" : "background";
}

int main(void) {
    static const int told[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH, SIGTERM};
    // What exec keeps that a shell shouldn't have left to it.
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct sigaction action;
        sigset_t blocked;
        MUST(sigaction(told[i], NULL, &action));
        MUST(sigprocmask(SIG_BLOCK, NULL, &blocked));
        if (action.sa_handler != SIG_DFL || sigismember(&blocked, told[i])) {
            say("job: SIG%s isn't at its default\n", sigabbrev_np(told[i]));
        }
    }
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        sigaddset(&set, told[i]);
    }
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    say("job: begins in the %s\n", place());
    bool stopped = false;
    for (;;) {
        int got = (int)MUST(sigwaitinfo(&set, NULL));
        if (got == SIGCONT && !stopped) {
            // Shells send it with `fg` in any case, or only to jobs that were stopped.
            continue;
        }
        stopped = got == SIGTSTP;
        say("job: SIG%s in the %s\n", sigabbrev_np(got), place());
        if (got == SIGTSTP) {
            kill(getpid(), SIGSTOP);
        }
        if (got == SIGQUIT || got == SIGHUP) {
            return 3;
        }
    }
}
