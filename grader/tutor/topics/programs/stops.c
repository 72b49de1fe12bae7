/* A child stops itself, and its parent lets it go on after a second. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        return 0;
    }
    int status;
    waitpid(child, &status, WUNTRACED);
    printf("the child has stopped\n");
    sleep(1);
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    printf("the child has exited with %d\n", WEXITSTATUS(status));
    return 0;
}
