/* A child and its child are a process group of their own: one kill(2) reaches both. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    setpgid(child, child);    /* in the parent: the child; in the child: itself */
    if (child == 0) {
        fork();
        pause();
        return 0;
    }
    sleep(1);
    kill(-child, SIGTERM);
    waitpid(child, NULL, 0);
    return 0;
}
