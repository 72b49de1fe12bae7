/* SIGURG, which does no harm, to somebody who is none of its business. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *whom = argc > 1 ? argv[1] : "init";
    pid_t child = fork();
    if (child == 0)
        return 0;
    waitpid(child, NULL, 0);
    if (strcmp(whom, "init") == 0)
        kill(1, SIGURG);
    else if (strcmp(whom, "everybody") == 0)
        kill(-1, SIGURG);
    else if (strcmp(whom, "parent") == 0)
        kill(getppid(), SIGURG);
    else if (strcmp(whom, "reaped") == 0)
        kill(child, SIGURG);
    else
        kill(getpid(), atoi(whom));
    return 0;
}
