/*
 * Takes hold of another process by other means than signals: limits that end it, tracing,
 * its memory, its descriptors. Argument: the target ("parent" or a pid).
 */
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "hostile_common.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_open 434
#define SYS_pidfd_getfd 438
#endif

int main(int argc, char **argv)
{
    pid_t target = target_of(argc > 1 ? argv[1] : "parent");
    /* The kernel sends SIGXCPU at the soft limit and SIGKILL at the hard one. */
    struct rlimit tight = { .rlim_cur = 1, .rlim_max = 1 };
    char buffer[16] = { 0 };
    struct iovec here = { buffer, sizeof buffer };
    struct iovec there = { (void *)0x10000, sizeof buffer };
    int fd;

    report("prlimit RLIMIT_CPU", prlimit(target, RLIMIT_CPU, &tight, NULL));
    report("prlimit RLIMIT_FSIZE", prlimit(target, RLIMIT_FSIZE, &tight, NULL));
    report("PTRACE_ATTACH", ptrace(PTRACE_ATTACH, target, NULL, NULL));
    report("PTRACE_SEIZE", ptrace(PTRACE_SEIZE, target, NULL, NULL));
    report("process_vm_readv", process_vm_readv(target, &here, 1, &there, 1, 0));
    report("process_vm_writev", process_vm_writev(target, &here, 1, &there, 1, 0));
    fd = (int)syscall(SYS_pidfd_open, target, 0);
    check(fd, "pidfd_open");
    report("pidfd_getfd", syscall(SYS_pidfd_getfd, fd, 1, 0));
    printf("still alive\n");
    return 0;
}
