// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// By a descriptor that stands for the grader.

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
    if (syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) != 0) {
        perror("pidfd_send_signal");
        return 1;
    }
    puts("done");
    return 0;
}
