/*
 * A seccomp filter of the program's own hands kill() to a thread of its own, which says
 * "go on": such a filter takes precedence over one that asks the tracer.
 * Argument: the target ("parent" or a pid).
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "hostile_common.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE (1UL << 0)
#endif

static void *let_pass(void *listener)
{
    int fd = *(int *)listener;
    struct seccomp_notif request;
    struct seccomp_notif_resp response;

    for (;;) {
        memset(&request, 0, sizeof request);
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) == -1)
            return NULL;
        memset(&response, 0, sizeof response);
        response.id = request.id;
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

int main(int argc, char **argv)
{
    pid_t target = target_of(argc > 1 ? argv[1] : "parent");
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    struct sock_fprog program = { .len = sizeof code / sizeof code[0], .filter = code };
    pthread_t thread;

    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    report("seccomp listener", listener);
    if (listener != -1)
        pthread_create(&thread, NULL, let_pass, &listener);
    report("kill", kill(target, SIGKILL));
    printf("still alive\n");
    return 0;
}
