// siglab-expect: diagnosis = stopped
// The child stops itself while the parent waits for its end.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    puts("done");
    return 0;
}
