/* A child in the background reads from the terminal; with "write", it changes its settings. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argv;
    pid_t child = fork();
    setpgid(child, child);
    if (child == 0) {
        struct termios settings;
        char byte;
        if (argc == 1)
            read(STDIN_FILENO, &byte, 1);
        else if (tcgetattr(STDIN_FILENO, &settings) == 0)
            tcsetattr(STDIN_FILENO, TCSANOW, &settings);
        return 0;
    }
    int status;
    waitpid(child, &status, WUNTRACED);
    printf("the child has stopped: signal %d\n", WSTOPSIG(status));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 0;
}
