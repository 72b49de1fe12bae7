// siglab-expect: full-marks = yes
// kill(0, SIGINT), handled: the own group is the program and its children only.

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_int(int number) {
    (void)number;
}

int main(void) {
    struct sigaction action = {.sa_handler = on_int};
    sigaction(SIGINT, &action, NULL);
    pid_t child = fork();
    if (child == 0) {
        pause();
        return 0;
    }
    sleep(1);
    kill(0, SIGINT);
    waitpid(child, NULL, 0);
    puts("done");
    return 0;
}
