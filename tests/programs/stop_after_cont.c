// siglab-test: outcomes = one
// A busy child is stopped, continued, and at once stopped again: it stays stopped.
#include "observe.h"

int main(void) {
    pid_t child = fork();
    if (child == 0)
        for (;;) {
            struct timeval at_once = {0, 0};
            select(0, NULL, NULL, NULL, &at_once);
        }
    sleep_ms(100);
    int status;
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    say("stopped: %s\n", yes(WIFSTOPPED(status)));
    kill(child, SIGCONT);
    kill(child, SIGSTOP);
    sleep_ms(100);
    SAY(waitpid(child, &status, WNOHANG | WUNTRACED) == child);
    say("stopped again: %s\n", yes(WIFSTOPPED(status)));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
