// siglab-test: outcomes = one
// abort(3) ends the process even if SIGABRT is caught, ignored or blocked.
#include "observe.h"

#include <sys/resource.h>

static void on_abort(int number) {
    say("%s\n", signal_name(number));
}

static sigjmp_buf back;

static void jump(int number) {
    (void)number;
    siglongjmp(back, 1);
}

int main(void) {
    MUST(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}));
    for (int i = 0; i < 5; i++) {
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            if (i == 1)
                handle(SIGABRT, on_abort, 0);
            if (i == 2)
                signal(SIGABRT, SIG_IGN);
            if (i == 3)
                block(SIGABRT);
            if (i == 4) {
                handle(SIGABRT, jump, 0);
                if (sigsetjmp(back, 1)) {
                    say("jumped\n");
                    _exit(0);
                }
            }
            abort();
        }
        reap("child", child);
    }
    abort();
}
