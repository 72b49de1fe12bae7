/*
 * who_sent_it, solved without a handler: the signals stay blocked, and sigwaitinfo()
 * takes one after another, each with its siginfo_t. Ordinary code prints, so printf()
 * is no risk.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
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

/* The name of one of the signals that we tell about. */
static const char *name_of(int signal_number)
{
    switch (signal_number) {
    case SIGINT:
        return "SIGINT";
    case SIGUSR1:
        return "SIGUSR1";
    default:
        return "SIGUSR2";
    }
}

/* Prints who sent a signal. Which fields of INFO mean something, si_code decides. */
static void tell(const siginfo_t *info)
{
    const char *name = name_of(info->si_signo);

    switch (info->si_code) {
    case SI_USER:
        printf("%s: SI_USER, pid %d\n", name, (int)info->si_pid);
        break;
    case SI_QUEUE:
        printf("%s: SI_QUEUE, pid %d, value %d\n", name, (int)info->si_pid,
               info->si_value.sival_int);
        break;
    default:
        printf("%s: SI_KERNEL\n", name);
        break;
    }
}

/* Starts the child, and tells who sends SIGINT, SIGUSR1 and SIGUSR2, until SIGTERM comes. */
static int receive(void)
{
    static const int watched[] = { SIGINT, SIGUSR1, SIGUSR2, SIGTERM };
    pid_t parent_pid = getpid();
    sigset_t waited_for;
    siginfo_t info;

    sigemptyset(&waited_for);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaddset(&waited_for, watched[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &waited_for, NULL), "sigprocmask");

    pid_t child_pid = fork();
    check(child_pid, "fork");
    if (child_pid == 0)
        return child(parent_pid);

    for (;;) {
        int signal_number = sigwaitinfo(&waited_for, &info);

        if (signal_number == -1 && errno == EINTR)
            continue; /* we were stopped and continued, say */
        check(signal_number, "sigwaitinfo");
        if (signal_number == SIGTERM)
            break;
        tell(&info);
    }

    check(waitpid(child_pid, NULL, 0), "waitpid");
    return EXIT_SUCCESS;
}

/* Reads a whole number that fits into an int. */
static bool read_number(const char *text, int *number)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < INT_MIN || value > INT_MAX)
        return false;
    *number = (int)value;
    return true;
}

/* Sends a signal. PID_TEXT and SIGNAL_TEXT are what the user wrote. */
static int send_signal(const char *pid_text, const char *signal_text)
{
    int pid, signal_number;

    /* 0 and negative numbers are groups of processes. */
    if (!read_number(pid_text, &pid) || !read_number(signal_text, &signal_number) || pid <= 0) {
        fprintf(stderr, "usage: who_sent_it [PID SIGNAL]\n");
        return EXIT_USAGE;
    }
    if (kill(pid, signal_number) == 0)
        return EXIT_SUCCESS;
    switch (errno) {
    case EINVAL:
        printf("EINVAL\n");
        return EXIT_EINVAL;
    case ESRCH:
        printf("ESRCH\n");
        return EXIT_ESRCH;
    default:
        printf("EPERM\n");
        return EXIT_EPERM;
    }
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
