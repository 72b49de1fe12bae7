// siglab: not started — delete this line when you begin
/*
 * who_sent_it: what a signal tells about its sender, and why kill() fails.
 *
 * Without arguments: prints a line for each signal that comes, see receive().
 * With a pid and the number of a signal: sends it, see send_signal().
 * The exact rules are in README.md.
 *
 * Manual pages: sigaction(2), sigqueue(3), kill(2), signal-safety(7).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the program exits with. */
enum { EXIT_USAGE = 1, EXIT_EINVAL = 2, EXIT_ESRCH = 3, EXIT_EPERM = 4 };

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Sends SIGUSR1, and SIGUSR2 with the value 42, to the parent. */
static int child(pid_t parent_pid)
{
    check(kill(parent_pid, SIGUSR1), "kill");
    check(sigqueue(parent_pid, SIGUSR2, (union sigval){ .sival_int = 42 }), "sigqueue");
    return EXIT_SUCCESS;
}

/* Starts the child, and tells who sends SIGINT, SIGUSR1 and SIGUSR2, until SIGTERM comes. */
static int receive(void)
{
    pid_t parent_pid = getpid();

    /* Your code: be ready for the signals before there is anybody who sends one. */

    pid_t child_pid = fork();
    check(child_pid, "fork");
    if (child_pid == 0)
        return child(parent_pid);

    /* Your code: print a line for each signal, until SIGTERM comes. */

    check(waitpid(child_pid, NULL, 0), "waitpid");
    return EXIT_SUCCESS;
}

/* Sends a signal. PID_TEXT and SIGNAL_TEXT are what the user wrote. */
static int send_signal(const char *pid_text, const char *signal_text)
{
    /* Your code: read the two numbers, call kill(), and tell why it has failed. */
    (void)pid_text;
    (void)signal_text;
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    /* Complete lines go out at once, even if standard output is a pipe. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    if (argc == 1)
        return receive();
    if (argc == 3)
        return send_signal(argv[1], argv[2]);
    fprintf(stderr, "usage: who_sent_it [PID SIGNAL]\n");
    return EXIT_USAGE;
}
