// siglab-test: outcomes = one
// Ignoring SIGCHLD: no zombies, no signal, ECHILD when all are gone. Its default, which is
// to be ignored too, leaves zombies.
#include "observe.h"

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        _exit(1);
    sleep_ms(60);
    reap("a zombie", child);

    signal(SIGCHLD, SIG_IGN);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(100);
        _exit(2);
    }
    int64_t start = now_ms();
    int status = 0;
    SAY(waitpid(child, &status, 0));
    elapsed("after", start, 100);
    SAY(kill(child, 0));

    // Ended before the signal was ignored: still a zombie.
    signal(SIGCHLD, SIG_DFL);
    child = (pid_t)MUST(fork());
    if (child == 0)
        _exit(3);
    siginfo_t info = {0};
    MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    signal(SIGCHLD, SIG_IGN);
    say("still there: %s\n", yes(kill(child, 0) == 0));
    reap("a zombie", child);
}
