// siglab-test: outcomes = one
// exec(2) makes the signal that a process sends at its end SIGCHLD; that of its parent, too.
#include "observe.h"

static void told(const char *when) {
    sigset_t set = set_of(SIGCHLD, SIGUSR1, SIGUSR2);
    siginfo_t info;
    struct timespec none = {0};
    int number = sigtimedwait(&set, &info, &none);
    if (number == -1)
        say("%s: nothing is pending\n", when);
    else
        say("%s: %s, status %d\n", when, signal_name(number), info.si_status);
}

static void wait_and_tell(const char *what, pid_t child) {
    int status;
    MUST(waitpid(child, &status, __WALL));
    say_status(what, status);
    told(what);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "exit") == 0)
        _exit(4);
    block(SIGCHLD);
    block(SIGUSR1);
    block(SIGUSR2);
    if (argc == 3) {
        close(atoi(argv[2]));
        wait_and_tell("the parent has called exec", -1);
        SAY(wait(NULL));
        return 0;
    }
    pid_t child = (pid_t)MUST(syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0));
    if (child == 0)
        _exit(3);
    wait_and_tell("nobody has called exec", child);
    child = (pid_t)MUST(syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0));
    if (child == 0) {
        execv("/proc/self/exe", (char *[]){argv[0], "exit", NULL});
        _exit(1);
    }
    wait_and_tell("the child has called exec", child);
    int go[2];
    MUST(pipe(go));
    child = (pid_t)MUST(syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0));
    if (child == 0) {
        close(go[1]);
        char byte;
        MUST(read(go[0], &byte, 1));
        _exit(5);
    }
    char end[2] = {(char)('0' + go[1]), 0};
    execv("/proc/self/exe", (char *[]){argv[0], "after", end, NULL});
    return 1;
}
