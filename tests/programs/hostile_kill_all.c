/*
 * kill(-1, SIGNAL) with two children, and a daemon that has left: setsid and two forks.
 * All of them get it, and nobody else. Argument: the signal's number.
 */
#include "hostile_common.h"

static void wait_for_ever(int ready)
{
    check(write(ready, "!", 1), "write");
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    int signal_number = argc > 1 ? atoi(argv[1]) : SIGKILL;
    int ready[2];
    pid_t pids[2];
    char byte;

    check(pipe(ready), "pipe");
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        check(pids[i], "fork");
        if (pids[i] == 0)
            wait_for_ever(ready[1]);
    }
    pid_t between = fork();
    check(between, "fork");
    if (between == 0) {
        setsid();
        pid_t daemon = fork();
        check(daemon, "fork");
        if (daemon == 0)
            wait_for_ever(ready[1]);
        _exit(0);
    }
    check(waitpid(between, NULL, 0), "waitpid");
    for (int i = 0; i < 3; i++)
        check(read(ready[0], &byte, 1), "read");

    report("kill -1", kill(-1, signal_number));
    for (int i = 0; i < 2; i++) {
        int status;
        check(waitpid(pids[i], &status, 0), "waitpid");
        printf("child %d: killed by %d\n", i + 1, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
    printf("still alive\n");
    return 0;
}
