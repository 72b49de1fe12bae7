// siglab-test: outcomes = one
// A SIGTSTP handler that puts the default back, raises the signal again, stops, and goes
// on: as editors do.
#include "observe.h"

static void on_tstp(int number) {
    say("about to stop\n");
    signal(number, SIG_DFL);
    raise(number);
    unblock(number); // here it stops
    say("going on\n");
    handle(SIGTSTP, on_tstp, 0);
}

static void on_cont(int number) {
    say("%s\n", signal_name(number));
}

int main(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        setpgid(0, 0); // with the parent in another group, it isn't orphaned
        handle(SIGTSTP, on_tstp, 0);
        handle(SIGCONT, on_cont, 0);
        raise(SIGTSTP);
        say("a second time\n");
        raise(SIGTSTP);
        _exit(5);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        MUST(waitpid(child, &status, WUNTRACED));
        say_status("child", status);
        sleep_ms(30);
        kill(child, SIGCONT);
    }
    reap("child", child);
}
