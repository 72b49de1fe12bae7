// siglab-expect: diagnosis = sent-to-reaped
// A child that was waited for is gone, and its pid is free.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    waitpid(child, NULL, 0);
    if (kill(child, SIGTERM) != 0) {
        perror("kill");
        return 1;
    }
    puts("done");
    return 0;
}
