/*
 * A child whose parent is this program's own parent, which it tries to kill; and one that
 * borrows its creator's memory, and tries the same on a process that isn't the run's.
 * Arguments: "clone-parent" or "vfork", and the target of the latter.
 */
#include <sched.h>

#include "hostile_common.h"

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "clone-parent";
    pid_t target = target_of(argc > 2 ? argv[2] : "parent");

    if (strcmp(how, "vfork") == 0) {
        pid_t pid = vfork();
        check(pid, "vfork");
        if (pid == 0) {
            int result = kill(target, SIGKILL);
            _exit(result == -1 ? errno : 0);
        }
        int status;
        check(waitpid(pid, &status, 0), "waitpid");
        printf("kill by the vfork child: %s\n", errno_name(WEXITSTATUS(status)));
    } else {
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        check(pid, "clone");
        if (pid == 0) {
            report("kill by the sibling", kill(getppid(), SIGKILL));
            _exit(0);
        }
        report("wait for the sibling", waitpid((pid_t)pid, NULL, 0));
        sleep(1);
    }
    printf("still alive\n");
    return 0;
}
