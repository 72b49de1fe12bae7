// siglab-test: outcomes = one
// A parent ends without reaping: the subreaper is told of the zombie, then of the parent, and
// reaps both. SIGCHLD of an adopted child replaces the signal that its parent would have got.
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

static pid_t clone_with(int flags) {
    return (pid_t)MUST(syscall(SYS_clone, flags, 0, 0, 0, 0));
}

int main(void) {
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    block(SIGCHLD);
    block(SIGUSR1);
    block(SIGUSR2);
    siginfo_t info;

    pid_t parent = (pid_t)MUST(fork());
    if (parent == 0) {
        pid_t child = (pid_t)MUST(fork());
        if (child == 0)
            _exit(5);
        MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
        _exit(6);
    }
    MUST(waitid(P_PID, (id_t)parent, &info, WEXITED | WNOWAIT));
    told("first the zombie's");
    told("the parent's has merged with it");
    reap("the parent", parent);
    int status;
    MUST(wait(&status));
    say_status("the zombie", status);

    int go[2];
    MUST(pipe(go));
    parent = clone_with(SIGUSR2);
    if (parent == 0) {
        close(go[1]);
        if (clone_with(SIGUSR1) == 0) {
            char byte;
            MUST(read(go[0], &byte, 1));
            _exit(7);
        }
        _exit(8);
    }
    MUST(waitid(P_PID, (id_t)parent, &info, WEXITED | WNOWAIT | __WALL));
    told("the parent's");
    MUST(waitpid(parent, &status, __WALL));
    say_status("the parent", status);
    close(go[1]);
    MUST(wait(&status));
    say_status("the orphan", status);
    told("the orphan's");

    // With its creator's parent, a process has its creator's signal, too.
    MUST(pipe(go));
    parent = clone_with(SIGUSR2);
    if (parent == 0) {
        if (clone_with(CLONE_PARENT | SIGUSR1) == 0)
            _exit(9);
        close(go[1]);
        char byte;
        MUST(read(go[0], &byte, 1));
        _exit(10);
    }
    while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | __WALL) == -1) {
    }
    told("the sibling's");
    MUST(waitpid(info.si_pid, &status, __WALL));
    say_status("the sibling", status);
    close(go[1]);
    MUST(waitpid(parent, &status, __WALL));
    say_status("its creator", status);
    told("its creator's");
    SAY(wait(NULL));
}
