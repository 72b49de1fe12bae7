// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = all
// The other calls that send a signal, at the grader.

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    union sigval value = {.sival_int = 7};
    int sent = 0;
    sent += sigqueue(getppid(), SIGTERM, value) == 0;
    sent += syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) == 0;
    sent += syscall(SYS_tkill, getppid(), SIGTERM) == 0;
    if (sent != 3) {
        return 1;
    }
    puts("done");
    return 0;
}
