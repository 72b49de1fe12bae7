/*
 * handler_flags: what the flags of sigaction() change.
 *
 * Solved with one handler, installed with SA_SIGINFO for all modes, and one function that
 * installs it; the parent of the children sleeps in sigsuspend() until they are gone, and
 * lines come from read().
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* write(), which handlers may call; there is nobody to tell if it fails. */
static void put(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) == -1)
        return;
}

/* What SIGUSR1 and SIGUSR2 do: half a second of work, between two lines. */
static void work(int signal_number)
{
    struct timespec left = { .tv_sec = 0, .tv_nsec = 500 * 1000 * 1000 };
    int saved_errno = errno;

    put(signal_number == SIGUSR1 ? "SIGUSR1 begins\n" : "SIGUSR2 begins\n");
    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        continue; /* another handler has interrupted it: go on with what is left */
    put(signal_number == SIGUSR1 ? "SIGUSR1 ends\n" : "SIGUSR2 ends\n");
    errno = saved_errno;
}

/* Prints the value that came with a signal. */
static void tell_value(int signal_number, siginfo_t *info, void *context)
{
    char digits[12];
    char *first = digits + sizeof digits;
    int value = info->si_value.sival_int, saved_errno = errno;

    (void)signal_number;
    (void)context;
    *--first = '\0';
    do
        *--first = (char)('0' + (value < 0 ? -(value % 10) : value % 10));
    while ((value /= 10) != 0);
    put(info->si_value.sival_int < 0 ? "SIGUSR1 value -" : "SIGUSR1 value ");
    put(first);
    put("\n");
    errno = saved_errno;
}

static volatile sig_atomic_t ended;

/* The one handler. */
static void handle(int signal_number, siginfo_t *info, void *context)
{
    if (signal_number == SIGCHLD) {
        put("child ended\n");
        ended++;
    } else if (info->si_code == SI_QUEUE) {
        tell_value(signal_number, info, context);
    } else {
        work(signal_number);
    }
}

/* Installs it, with further flags, and blocks ALSO_BLOCKED (if not 0) while it runs. */
static void install(int signal_number, int flags, int also_blocked)
{
    struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | flags };

    sigemptyset(&action.sa_mask);
    if (also_blocked != 0)
        check(sigaddset(&action.sa_mask, also_blocked), "sigaddset");
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

static void defer(void)
{
    install(SIGUSR1, 0, SIGUSR2);
    install(SIGUSR2, 0, SIGUSR1);
}

static void nest(void)
{
    install(SIGUSR1, SA_NODEFER, 0);
}

static void once(void)
{
    install(SIGUSR1, (int)SA_RESETHAND, 0);
}

static void info(void)
{
    install(SIGUSR1, 0, 0);
}

/* Three children that nobody has to wait for: SA_NOCLDWAIT. */
static int children(void)
{
    sigset_t only_sigchld, old_mask;

    sigemptyset(&only_sigchld);
    check(sigaddset(&only_sigchld, SIGCHLD), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &only_sigchld, &old_mask), "sigprocmask");
    install(SIGCHLD, SA_NOCLDWAIT, 0);

    for (int i = 1; i <= 3; i++) {
        pid_t pid = fork();

        check(pid, "fork");
        if (pid == 0) {
            usleep((useconds_t)i * 200 * 1000);
            _exit(EXIT_SUCCESS);
        }
    }
    while (ended < 3)
        sigsuspend(&old_mask); /* always "fails" with EINTR */

    if (waitpid(-1, NULL, 0) == -1 && errno == ECHILD)
        puts("ECHILD");
    return EXIT_SUCCESS;
}

/* What a handler is, as signal() takes it. */
typedef void (*handler_type)(int);

/* signal(), the same on every system. */
static handler_type portable_signal(int signal_number, handler_type handler)
{
    struct sigaction before, action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    return sigaction(signal_number, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

/* Tries portable_signal(), then prints what comes on standard input. */
static int try_signal(void)
{
    char text[200];
    ssize_t length;

    if (portable_signal(SIGUSR1, work) == SIG_DFL)
        puts("SIGUSR1 was default");
    if (portable_signal(SIGUSR1, work) == work)
        puts("SIGUSR1 was handler");
    if (portable_signal(SIGUSR2, SIG_IGN) == SIG_DFL)
        puts("SIGUSR2 was default");
    if (portable_signal(SIGUSR2, work) == SIG_IGN)
        puts("SIGUSR2 was ignored");

    while ((length = read(STDIN_FILENO, text, sizeof text - 1)) > 0) {
        text[length] = '\0';
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            if (strcmp(line, "end") == 0)
                return EXIT_SUCCESS;
            printf("line %s\n", line);
        }
    }
    check((int)length, "read");
    return EXIT_SUCCESS;
}

/* Tries portable_signal() for SIGKILL, which can't be caught. */
static int try_error(void)
{
    if (portable_signal(SIGKILL, work) == SIG_ERR && errno == EINVAL)
        puts("SIGKILL EINVAL");
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    /* Complete lines go out at once, even if standard output is a pipe. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    const char *mode = argc == 2 ? argv[1] : "";
    if (strcmp(mode, "children") == 0)
        return children();
    if (strcmp(mode, "signal") == 0)
        return try_signal();
    if (strcmp(mode, "error") == 0)
        return try_error();
    if (strcmp(mode, "defer") == 0)
        defer();
    else if (strcmp(mode, "nest") == 0)
        nest();
    else if (strcmp(mode, "once") == 0)
        once();
    else if (strcmp(mode, "info") == 0)
        info();
    else
        return EXIT_FAILURE;
    for (;;)
        pause(); /* until a signal kills us */
}
