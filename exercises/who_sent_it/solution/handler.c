/*
 * who_sent_it, solved with a handler that is installed with SA_SIGINFO.
 *
 * The handler puts its line together by itself and hands it to write(): neither printf()
 * nor snprintf() is async-signal-safe. The signals are blocked except during sigsuspend(),
 * so SIGTERM can't slip through between looking at the flag and going to sleep.
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

/* Copies TEXT to TO and returns where the copy ends. */
static char *put_text(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

/* Writes NUMBER in decimal to TO and returns where it ends. */
static char *put_number(char *to, long number)
{
    char digits[20];
    int count = 0;

    if (number < 0) {
        *to++ = '-';
        number = -number;
    }
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static volatile sig_atomic_t got_sigterm;

/* The handler. Which fields of INFO mean something, si_code decides. */
static void tell(int signal_number, siginfo_t *info, void *context)
{
    char line[100];
    char *end = line;
    int saved_errno = errno;

    (void)context;
    if (signal_number == SIGTERM) {
        got_sigterm = 1;
        return;
    }
    end = put_text(end, signal_number == SIGINT    ? "SIGINT: "
                        : signal_number == SIGUSR1 ? "SIGUSR1: "
                                                   : "SIGUSR2: ");
    if (info->si_code == SI_USER || info->si_code == SI_QUEUE) {
        end = put_text(end, info->si_code == SI_USER ? "SI_USER, pid " : "SI_QUEUE, pid ");
        end = put_number(end, info->si_pid);
        if (info->si_code == SI_QUEUE) {
            end = put_text(end, ", value ");
            end = put_number(end, info->si_value.sival_int);
        }
    } else {
        end = put_text(end, "SI_KERNEL");
    }
    end = put_text(end, "\n");
    if (write(STDOUT_FILENO, line, (size_t)(end - line)) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

/* Starts the child, and tells who sends SIGINT, SIGUSR1 and SIGUSR2, until SIGTERM comes. */
static int receive(void)
{
    static const int watched[] = { SIGINT, SIGUSR1, SIGUSR2, SIGTERM };
    struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_SIGINFO };
    pid_t parent_pid = getpid();
    sigset_t old_mask;

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaddset(&action.sa_mask, watched[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &action.sa_mask, &old_mask), "sigprocmask");
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaction(watched[i], &action, NULL), "sigaction");

    pid_t child_pid = fork();
    check(child_pid, "fork");
    if (child_pid == 0)
        return child(parent_pid);

    while (!got_sigterm)
        sigsuspend(&old_mask); /* always "fails" with EINTR */

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
