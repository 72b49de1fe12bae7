// siglab-test: outcomes = one
// PR_SET_CHILD_SUBREAPER: who adopts orphans, what fork(2) and exec(2) make of it, and that it
// can be given up.
#include "observe.h"

static int is_subreaper(void) {
    int on = -1;
    MUST(prctl(PR_GET_CHILD_SUBREAPER, &on));
    return on;
}

// A child that leaves a child of its own behind, which exits with `code` as soon as
// nobody can write to `go` any more.
static pid_t leave_orphan(const int go[2], int code) {
    pid_t child = (pid_t)MUST(fork());
    if (child)
        return child;
    close(go[1]);
    if (MUST(fork()) == 0) {
        char byte;
        MUST(read(go[0], &byte, 1));
        _exit(code);
    }
    _exit(0);
}

static void after_exec(void) {
    say("after exec: %d\n", is_subreaper());
    int go[2];
    MUST(pipe(go));
    reap("the parent", leave_orphan(go, 5));
    say("an orphan that lives: %d\n", (int)waitpid(-1, NULL, WNOHANG));
    close(go[1]);
    int status;
    MUST(wait(&status));
    say_status("the orphan", status);

    MUST(prctl(PR_SET_CHILD_SUBREAPER, 0));
    say("given up: %d\n", is_subreaper());
    MUST(pipe(go));
    reap("the parent", leave_orphan(go, 6));
    SAY(waitpid(-1, NULL, WNOHANG));
    close(go[1]);
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc == 2)
        after_exec();
    say("at first: %d\n", is_subreaper());
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    say("then: %d\n", is_subreaper());
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        say("a child's: %d\n", is_subreaper());
        _exit(0);
    }
    reap("the child", child);
    execv("/proc/self/exe", (char *[]){argv[0], "again", NULL});
    return 1;
}
