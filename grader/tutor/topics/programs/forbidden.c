/* A process that is traced asks to be traced by its parent. */
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
        dprintf(STDOUT_FILENO, "refused\n");
    return 0;
}
