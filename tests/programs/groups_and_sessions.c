// siglab-test: outcomes = one
// setpgid(2) and setsid(2): who is whose leader, and what is refused.
#include "observe.h"

int main(void) {
    int go[2];
    MUST(pipe(go));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        close(go[1]);
        say("group of the parent: %s\n", yes(getpgrp() == getpgid(getppid())));
        char byte;
        MUST(read(go[0], &byte, 1)); // the parent has made it a leader
        say("group of its own: %s\n", yes(getpgrp() == getpid()));
        SAY(setsid());
        SAY(setpgid(0, getpgid(getppid())));
        pid_t grandchild = (pid_t)MUST(fork());
        if (grandchild == 0) {
            say("session its own: %s\n", yes(setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid()));
            SAY(setpgid(0, 0));
            SAY(setpgid(0, getppid()));
            SAY(open("/dev/tty", O_RDWR));
            _exit(3);
        }
        reap("grandchild", grandchild);
        SAY(setpgid(grandchild, 0));
        _exit(2);
    }
    close(go[0]);
    sleep_ms(50);
    SAY(setpgid(child, child));
    say("the same session: %s\n", yes(getsid(child) == getsid(0)));
    MUST(write(go[1], "x", 1));
    reap("child", child);
    // After its exec a child's group can't be changed any more.
    child = (pid_t)MUST(fork());
    if (child == 0) {
        execl("/bin/sleep", "sleep", "0.2", NULL);
        _exit(9);
    }
    sleep_ms(120);
    SAY(setpgid(child, child));
    SAY(setpgid(0, -1));
    reap("child", child);
}
