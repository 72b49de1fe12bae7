/* A child stops, is continued, and ends. "nocldstop" and "nocldwait" set that flag. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_child(int number)
{
    (void)number;
    write(STDOUT_FILENO, "SIGCHLD\n", 8);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_RESTART };
    if (strcmp(word, "nocldstop") == 0)
        action.sa_flags |= SA_NOCLDSTOP;
    if (strcmp(word, "nocldwait") == 0)
        action.sa_flags |= SA_NOCLDWAIT;
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        return 7;
    }
    sleep(1);
    kill(child, SIGCONT);
    int status;
    if (waitpid(child, &status, 0) == -1)
        dprintf(STDOUT_FILENO, "waitpid: %s\n", errno == ECHILD ? "ECHILD" : strerror(errno));
    else
        dprintf(STDOUT_FILENO, "it has exited with %d\n", WEXITSTATUS(status));
    return 0;
}
