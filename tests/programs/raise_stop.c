// siglab-test: outcomes = one
// A process stops itself and its child lets it go on; WUNTRACED isn't needed for that.
#include "observe.h"

static void on_cont(int number) {
    say("%s\n", signal_name(number));
}

int main(void) {
    handle(SIGCONT, on_cont, 0);
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(150);
        say("child: let it go on\n");
        kill(parent, SIGCONT);
        _exit(0);
    }
    int64_t start = now_ms();
    raise(SIGSTOP);
    elapsed("stopped for", start, 150);
    reap("child", child);
}
