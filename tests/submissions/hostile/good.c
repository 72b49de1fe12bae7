// siglab-expect: full-marks = yes
// siglab-expect: environments = all
// A correct program: hostile ones beside it must not change its result.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == -1) {
        perror("fork");
        return 1;
    }
    if (child == 0) {
        pause();
        return 0;
    }
    sleep(1);
    kill(child, SIGTERM);
    int status;
    waitpid(child, &status, 0);
    puts(WIFSIGNALED(status) ? "done" : "the child goes on");
    return 0;
}
