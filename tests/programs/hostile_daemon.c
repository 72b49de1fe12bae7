/*
 * A daemon by the book: setsid and two forks. It outlives main, tries to kill the process
 * that has become its parent, and stays: "pause" for ever, "sleep" an hour at a time, or
 * "spin".
 */
#include "hostile_common.h"

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "pause";
    pid_t pid = fork();

    check(pid, "fork");
    if (pid > 0)
        return 0;
    check(setsid(), "setsid");
    pid = fork();
    check(pid, "fork");
    if (pid > 0)
        return 0;
    sleep(1);
    report("kill", kill(getppid(), SIGKILL));
    for (volatile int spinning = 0;; spinning++) {
        if (strcmp(how, "pause") == 0)
            pause();
        else if (strcmp(how, "sleep") == 0)
            sleep(3600);
    }
}
