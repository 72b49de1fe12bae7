// siglab-test: outcomes = one
// A stack overflow, handled on an alternative stack; without one the handler can't run.
#include "observe.h"

#include <sys/resource.h>

static char stack[64 * 1024];
static sigjmp_buf back;

static void on_segv(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s\n", signal_name(number), info->si_code > 0 ? "a fault" : "sent");
    siglongjmp(back, 1);
}

__attribute__((noinline)) static int deeper(volatile int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + frame[0];
}

int main(void) {
    MUST(setrlimit(RLIMIT_STACK, &(struct rlimit){1 << 20, 1 << 20}));
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    MUST(sigaltstack(&alternative, NULL));
    handle_info(SIGSEGV, on_segv, SA_ONSTACK);
    for (volatile int i = 0; i < 2; i++)
        if (sigsetjmp(back, 1) == 0)
            deeper(0);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        handle_info(SIGSEGV, on_segv, 0);
        deeper(0);
    }
    reap("without", child);
}
