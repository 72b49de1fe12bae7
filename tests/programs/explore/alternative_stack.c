// siglab-explore: clean
// siglab-explore: alone = exits 0
// A handler on a stack of its own: sigaltstack(2).
#include "explore.h"

static char stack[1 << 16];

static void on_sigusr1(int number) {
    char here = (char)number;
    if ((uintptr_t)&here - (uintptr_t)stack >= sizeof stack)
        abort();
}

int main(void) {
    stack_t mine = {.ss_sp = stack, .ss_size = sizeof stack};
    MUST(sigaltstack(&mine, NULL));
    handle(SIGUSR1, on_sigusr1, SA_ONSTACK | SA_RESTART);
    char *text = malloc(100);
    if (text == NULL)
        return 2;
    strcpy(text, "no handler was on the main stack\n");
    say(text);
    free(text);
}
