/*
 * The classic: fork fails, its result isn't checked, and kill(-1, SIGKILL) follows.
 * Forking fails because of a seccomp filter of the program's own: unlike RLIMIT_NPROC,
 * that works for root, too.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "hostile_common.h"

int main(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fork, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
    };
    struct sock_fprog program = { .len = sizeof code / sizeof code[0], .filter = code };

    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
    check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl");
    pid_t pid = fork();
    report("fork", pid);
    report("kill", kill(pid, SIGKILL));
    printf("still alive\n");
    return 0;
}
