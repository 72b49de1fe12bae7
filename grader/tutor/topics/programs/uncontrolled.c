/* io_uring(7) would wait where nobody sees it. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char parameters[256] = { 0 };
    if (syscall(SYS_io_uring_setup, 4, parameters) == -1)
        dprintf(STDOUT_FILENO, "there is none\n");
    return 0;
}
