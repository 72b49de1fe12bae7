// siglab-expect: diagnosis = reached-outside
// siglab-expect: environments = all
// kill(-1, SIGTERM) with a child: that one gets it, and nobody else.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        return 0;
    }
    kill(-1, SIGTERM);
    waitpid(child, NULL, 0);
    puts("done");
    return 0;
}
