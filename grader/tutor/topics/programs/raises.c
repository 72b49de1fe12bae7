/* A child sends itself a signal and leaves its default action; the parent tells what became of it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : SIGTERM;
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);    /* the parent is in another group: only then does Ctrl+Z's signal stop */
        raise(number);
        return 0;
    }
    int status = 0;
    waitpid(child, &status, WUNTRACED);
    if (WIFSTOPPED(status)) {
        printf("it has stopped; SIGCONT lets it go on\n");
        kill(child, SIGCONT);
        waitpid(child, &status, 0);
    }
    if (WIFSIGNALED(status))
        printf("signal %d has killed it\n", WTERMSIG(status));
    else
        printf("it has lived on, and exits with %d\n", WEXITSTATUS(status));
    return 0;
}
