/*
 * Tries to change what all processes of the machine share, and to get out of sight.
 */
#include <sched.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#include "hostile_common.h"

static long raw_clone(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

    if (pid == 0)
        _exit(0);
    return pid;
}

int main(void)
{
    struct timespec then = { .tv_sec = 1000000000 };
    struct timeval then_too = { .tv_sec = 1000000000 };
    struct timex adjustment = { .modes = ADJ_FREQUENCY };

    report("clock_settime", clock_settime(CLOCK_REALTIME, &then));
    /* libc would call clock_settime and clock_adjtime. */
    report("settimeofday", syscall(SYS_settimeofday, &then_too, NULL));
    report("adjtimex", syscall(SYS_adjtimex, &adjustment));
    report("clock_adjtime", clock_adjtime(CLOCK_REALTIME, &adjustment));
    report("CLONE_UNTRACED", raw_clone(CLONE_UNTRACED | SIGCHLD));
    report("CLONE_NEWPID", raw_clone(CLONE_NEWPID | SIGCHLD));
    report("CLONE_NEWUSER", raw_clone(CLONE_NEWUSER | SIGCHLD));
    report("unshare", unshare(CLONE_NEWPID));
    report("setns", setns(0, 0));
    return 0;
}
