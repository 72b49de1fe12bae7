// siglab-test: outcomes = one
// SA_NOCLDSTOP: no SIGCHLD when a child stops or goes on; waitpid(2) tells of it anyway.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_child(int number) {
    (void)number;
    caught++;
}

int main(void) {
    for (int flags = 0; flags <= SA_NOCLDSTOP; flags += SA_NOCLDSTOP) {
        caught = 0;
        handle(SIGCHLD, on_child, flags | SA_RESTART);
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            raise(SIGSTOP);
            for (;;)
                pause();
        }
        int status;
        MUST(waitpid(child, &status, WUNTRACED));
        say_status("child", status);
        say("caught %d\n", (int)caught);
        block(SIGCHLD);
        kill(child, SIGCONT);
        MUST(waitpid(child, &status, WCONTINUED));
        say_status("child", status);
        kill(child, SIGKILL);
        reap("child", child);
        // The two SIGCHLD merged, if there were two.
        unblock(SIGCHLD);
        say("caught %d\n", (int)caught);
    }
}
