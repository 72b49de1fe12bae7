// siglab-expect: diagnosis = forbidden-call
// Namespaces of its own, in which it would be root.

#include <sched.h>
#include <stdio.h>

int main(void) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
        perror("unshare");
        return 1;
    }
    puts("done");
    return 0;
}
