/*
 * Signals for a child that has been reaped: nobody has that pid any more.
 */
#include "hostile_common.h"

int main(void)
{
    pid_t pid = fork();

    check(pid, "fork");
    if (pid == 0)
        _exit(0);
    check(waitpid(pid, NULL, 0), "waitpid");
    report("kill", kill(pid, SIGKILL));
    report("kill group", kill(-pid, SIGKILL));
    report("tgkill", syscall(SYS_tgkill, pid, pid, SIGKILL));
    report("sigqueue", sigqueue(pid, SIGKILL, (union sigval){ .sival_int = 1 }));
    return 0;
}
