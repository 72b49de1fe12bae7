// siglab-expect: diagnosis = sent-to-everybody
// siglab-expect: hint = check fork's result
// siglab-expect: environments = all
// What an unchecked fork leads to: its -1 goes to kill.

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    /* As fork, but it always fails: these flags exclude each other. */
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_SIGHAND, NULL, NULL, NULL, NULL);
    if (child == 0) {
        pause();
    }
    if (kill(child, SIGKILL) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
