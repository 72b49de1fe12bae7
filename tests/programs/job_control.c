// siglab-test: outcomes = one
// A small shell's view of a pipeline in a process group: stopped and continued together.
#include "observe.h"

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    pid_t group = 0, members[2];
    for (int i = 0; i < 2; i++) {
        members[i] = (pid_t)MUST(fork());
        if (members[i] == 0) {
            setpgid(0, group);
            if (i == 0) {
                sleep_ms(200);
                MUST(write(ends[1], "x", 1));
                _exit(1);
            }
            char byte;
            MUST(read(ends[0], &byte, 1));
            _exit(2);
        }
        setpgid(members[i], group);
        if (i == 0)
            group = members[0];
    }
    sleep_ms(60);
    int status, stopped = 0, continued = 0;
    SAY(killpg(group, SIGTSTP));
    while (stopped < 2) {
        MUST(waitpid(-group, &status, WUNTRACED));
        stopped += WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP;
    }
    say("both stopped\n");
    sleep_ms(60);
    SAY(waitpid(-group, &status, WNOHANG | WUNTRACED));
    SAY(killpg(group, SIGCONT));
    while (continued < 2) {
        MUST(waitpid(-group, &status, WCONTINUED));
        continued += WIFCONTINUED(status);
    }
    say("both continued\n");
    reap("first", members[0]);
    reap("second", members[1]);
    SAY(waitpid(-group, &status, 0));
}
