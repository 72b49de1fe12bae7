/* The child ends at once; its parent waits for it after a second, or never ("never"). */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argv;
    pid_t child = fork();
    if (child == 0)
        return 3;
    sleep(1);
    int status = 0;
    if (argc == 1 && waitpid(child, &status, 0) == child)
        printf("the child had exited with %d\n", WEXITSTATUS(status));
    return 0;
}
