// siglab-test: outcomes = one
// A group is killed at once, each of which has zombies; all of them pass to the subreaper. In
// which order those ends are taken must not depend on the processor.
#include "observe.h"
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PARENTS = 5 };

static _Atomic int told;

static void on_child(int signal) {
    (void)signal;
    told++;
}

int main(void) {
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t group = 0;
    for (int number = 0; number < PARENTS; number++) {
        pid_t pid = fork();
        if (pid == 0) {
            setpgid(0, group);
            if (fork() == 0)
                _exit(number);
            if (fork() == 0)
                _exit(number + 10);
            for (;;)
                pause();
        }
        group = group == 0 ? pid : group;
        setpgid(pid, group);
    }
    sleep_ms(100);
    handle(SIGCHLD, on_child, SA_RESTART);
    MUST(kill(-group, SIGKILL));
    int killed = 0, sum = 0, status;
    for (int left = 3 * PARENTS; left > 0; left--) {
        MUST(wait(&status));
        killed += WIFSIGNALED(status);
        sum += WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
    say("killed: %d, sum of the others: %d, told: %s\n", killed, sum, yes(told > 0));
}
