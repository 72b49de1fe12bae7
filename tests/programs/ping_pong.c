// siglab-test: outcomes = one
// Parent and child take turns by signals, a hundred times, and none is lost.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_usr1(int number) {
    (void)number;
    caught++;
}

static void play(pid_t other, bool begins) {
    sigset_t none = set_of(0, 0, 0);
    for (int i = 1; i <= 50; i++) {
        if (begins)
            kill(other, SIGUSR1);
        while (caught < i)
            sigsuspend(&none);
        if (!begins)
            kill(other, SIGUSR1);
    }
}

int main(void) {
    handle(SIGUSR1, on_usr1, 0);
    block(SIGUSR1);
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        play(parent, false);
        _exit(caught);
    }
    play(child, true);
    say("caught %d\n", (int)caught);
    reap("child", child);
}
