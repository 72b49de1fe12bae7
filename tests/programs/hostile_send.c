/*
 * Tries every call that sends a signal on a process that isn't its own.
 * Arguments: the target ("parent" or a pid), the signal's number.
 */
#include <fcntl.h>

#include "hostile_common.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif

/* Through a descriptor of /proc/PID, which pidfd_send_signal also takes. */
static void by_proc(pid_t target, int signal_number)
{
    char path[32];
    int fd;

    snprintf(path, sizeof path, "/proc/%d", (int)target);
    fd = open(path, O_RDONLY | O_DIRECTORY);
    check(fd, "open /proc/PID");
    report("pidfd_send_signal by /proc", syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0));
    close(fd);
}

int main(int argc, char **argv)
{
    pid_t target = target_of(argc > 1 ? argv[1] : "parent");
    int signal_number = argc > 2 ? atoi(argv[2]) : SIGKILL;
    siginfo_t info;
    int fd;

    memset(&info, 0, sizeof info);
    info.si_signo = signal_number;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();

    report("kill", kill(target, signal_number));
    report("tkill", syscall(SYS_tkill, target, signal_number));
    report("tgkill", syscall(SYS_tgkill, target, target, signal_number));
    report("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, target, signal_number, &info));
    report("rt_tgsigqueueinfo",
           syscall(SYS_rt_tgsigqueueinfo, target, target, signal_number, &info));
    fd = (int)syscall(SYS_pidfd_open, target, 0);
    check(fd, "pidfd_open");
    report("pidfd_send_signal", syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0));
    /* PIDFD_SIGNAL_PROCESS_GROUP: older kernels don't know it. */
    long result = syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 4);
    if (result == -1 && errno == EINVAL)
        errno = EPERM;
    report("pidfd_send_signal to group", result);
    close(fd);
    by_proc(target, signal_number);
    if (getpgid(target) > 0)
        report("kill group", kill(-getpgid(target), signal_number));
    printf("still alive\n");
    return 0;
}
