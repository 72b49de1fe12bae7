// siglab-test: outcomes = one
// sigaltstack(2): a handler on another stack, what it may change there, and none without
// SA_ONSTACK.
#include "observe.h"

static char stack[64 * 1024];

static bool on_stack(const void *at) {
    return (const char *)at >= stack && (const char *)at < stack + sizeof stack;
}

static void on_signal(int number) {
    stack_t now;
    char local;
    sigaltstack(NULL, &now);
    say("%s on the stack: %s, SS_ONSTACK: %s\n", signal_name(number), yes(on_stack(&local)),
        yes(now.ss_flags == SS_ONSTACK));
    stack_t off = {.ss_flags = SS_DISABLE};
    say("change it: %s\n", sigaltstack(&off, NULL) == -1 ? error_name(errno) : "ok");
    if (number == SIGUSR1)
        raise(SIGUSR2); // nested, on the same stack
}

int main(void) {
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack}, now;
    MUST(sigaltstack(NULL, &now));
    say("none at first: %s\n", yes(now.ss_flags == SS_DISABLE));
    SAY(sigaltstack(&alternative, NULL));
    handle(SIGUSR1, on_signal, SA_ONSTACK);
    handle(SIGUSR2, on_signal, SA_ONSTACK);
    handle(SIGTERM, on_signal, 0);
    raise(SIGUSR1);
    raise(SIGTERM);
    alternative.ss_size = 100;
    SAY(sigaltstack(&alternative, NULL));
}
