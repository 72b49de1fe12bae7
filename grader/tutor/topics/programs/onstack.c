/* A handler on a stack of its own. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static char other[1 << 16];

static void on_usr1(int number)
{
    (void)number;
    char here;
    int is_other = &here >= other && &here < other + sizeof other;
    write(STDOUT_FILENO, is_other ? "on the other stack\n" : "on the usual stack\n", 19);
}

int main(void)
{
    stack_t stack = { .ss_sp = other, .ss_size = sizeof other };
    sigaltstack(&stack, NULL);
    struct sigaction action = { .sa_handler = on_usr1, .sa_flags = SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return 0;
}
