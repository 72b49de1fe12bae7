// siglab-test: outcomes = one
// SIGCONT throws away pending stop signals and the other way round; a blocked SIGCONT
// continues all the same; a stopped process is killed at once but handles nothing.
#include "observe.h"

static void on_signal(int number) {
    say("%s\n", signal_name(number));
}

static void pending(void) {
    sigset_t set;
    sigpending(&set);
    say("pending: SIGTSTP %s, SIGCONT %s\n", yes(sigismember(&set, SIGTSTP)), yes(sigismember(&set, SIGCONT)));
}

int main(void) {
    int status;
    block(SIGTSTP);
    block(SIGCONT);
    raise(SIGTSTP);
    pending();
    raise(SIGCONT);
    pending();
    raise(SIGTSTP);
    pending();
    signal(SIGTSTP, SIG_IGN);
    pending();

    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle(SIGCONT, on_signal, 0);
        handle(SIGUSR1, on_signal, 0);
        raise(SIGSTOP);
        say("going on, SIGCONT still blocked\n");
        unblock(SIGCONT);
        _exit(0);
    }
    MUST(waitpid(child, &status, WUNTRACED));
    say_status("child", status);
    kill(child, SIGUSR1);
    sleep_ms(50);
    say("it handles nothing while it is stopped\n");
    kill(child, SIGCONT);
    reap("child", child);

    child = (pid_t)MUST(fork());
    if (child == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    MUST(waitpid(child, &status, WUNTRACED));
    kill(child, SIGTERM);
    sleep_ms(50);
    SAY(waitpid(child, &status, WNOHANG)); // not before it goes on
    kill(child, SIGKILL);
    reap("child", child);
}
