// siglab-expect: diagnosis = orphan-left
// siglab-expect: environments = all
// Two forks and a session of its own: it wants to stay.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            for (;;) {
                sleep(1000);
            }
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    sleep(1);
    puts("done");
    return 0;
}
