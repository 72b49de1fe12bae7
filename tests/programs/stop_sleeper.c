// siglab-test: outcomes = one
// A child that is stopped and goes on while it sleeps keeps its deadline, even if that
// passes meanwhile.
#include "observe.h"

static void sleeper(int64_t stop_ms, int64_t continue_ms, int64_t expected) {
    int64_t start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        struct timespec rest = {.tv_sec = 7};
        SAY(nanosleep(&(struct timespec){.tv_nsec = 250000000}, &rest));
        elapsed("after", start, expected);
        say("rest untouched: %s\n", yes(rest.tv_sec == 7));
        _exit(0);
    }
    sleep_ms(stop_ms);
    kill(child, SIGSTOP);
    int status;
    MUST(waitpid(child, &status, WUNTRACED));
    sleep_ms(continue_ms - stop_ms);
    kill(child, SIGCONT);
    reap("child", child);
}

int main(void) {
    sleeper(50, 100, 250);
    sleeper(50, 350, 350);
}
