// siglab-test: outcomes = one
// SIGCONT for a group of stopped children, while SIGCHLD has a handler: it is one call, whatever
// comes meanwhile.
#include "observe.h"
#include <sys/wait.h>

static _Atomic int told;

static void on_child(int signal) {
    (void)signal;
    told++;
}

int main(void) {
    handle(SIGCHLD, on_child, SA_RESTART);
    pid_t group = 0, children[3];
    for (int number = 0; number < 3; number++) {
        pid_t pid = fork();
        if (pid == 0) {
            setpgid(0, group);
            raise(SIGSTOP);
            _exit(number);
        }
        group = group == 0 ? pid : group;
        setpgid(pid, group);
        children[number] = pid;
    }
    int status;
    for (int number = 0; number < 3; number++) {
        MUST(waitpid(children[number], &status, WUNTRACED));
        say("%d stopped: %s\n", number, yes(WIFSTOPPED(status)));
    }
    say("kill: %d\n", killpg(group, SIGCONT));
    for (int number = 0; number < 3; number++) {
        MUST(waitpid(children[number], &status, 0));
        say("%d exits: %d\n", number, WEXITSTATUS(status));
    }
    say("told: %s\n", yes(told > 0));
}
