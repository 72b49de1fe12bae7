/*
 * handler_flags: what the flags of sigaction() change.
 *
 * Solved with a sigaction() of its own for each mode: what differs can be seen side by side.
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

/* The handler of SIGUSR1 and SIGUSR2: half a second of work, between two lines. */
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

/* Installs work(): neither SIGUSR1 nor SIGUSR2 interrupts it. */
static void defer(void)
{
    struct sigaction action = { .sa_handler = work, .sa_flags = 0 };

    sigemptyset(&action.sa_mask);
    check(sigaddset(&action.sa_mask, SIGUSR1), "sigaddset");
    check(sigaddset(&action.sa_mask, SIGUSR2), "sigaddset");
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    check(sigaction(SIGUSR2, &action, NULL), "sigaction");
}

/* Installs work() with SA_NODEFER: whatever comes interrupts it. */
static void nest(void)
{
    struct sigaction action = { .sa_handler = work, .sa_flags = SA_NODEFER };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

/* Installs work() with SA_RESETHAND: for one signal. */
static void once(void)
{
    struct sigaction action = { .sa_handler = work, .sa_flags = SA_RESETHAND };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

/* Prints the value that came with a signal: the handler of mode `info`. */
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

/* Installs a handler with SA_SIGINFO, which tells the value that came with SIGUSR1. */
static void info(void)
{
    struct sigaction action = { .sa_sigaction = tell_value, .sa_flags = SA_SIGINFO };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

/* The handler of SIGCHLD. */
static void tell_end(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    put("child ended\n");
    errno = saved_errno;
}

/* Three children that nobody has to wait for: SA_NOCLDWAIT. */
static int children(void)
{
    struct sigaction action = { .sa_handler = tell_end, .sa_flags = SA_NOCLDWAIT };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGCHLD, &action, NULL), "sigaction");

    for (int i = 1; i <= 3; i++) {
        pid_t pid = fork();

        check(pid, "fork");
        if (pid == 0) {
            struct timespec time = { .tv_sec = 0, .tv_nsec = i * 200 * 1000 * 1000L };

            check(nanosleep(&time, NULL), "nanosleep");
            _exit(EXIT_SUCCESS);
        }
    }

    while (wait(NULL) != -1 || errno == EINTR)
        continue; /* SIGCHLD interrupts it, but there is never a status to take */
    check(errno == ECHILD ? 0 : -1, "wait");
    printf("ECHILD\n");
    return EXIT_SUCCESS;
}

/* What a handler is, as signal() takes it. */
typedef void (*handler_type)(int);

/*
 * signal(), the same on every system: the handler stays, the signal and no other is blocked
 * while it runs, and interrupted calls go on. Returns the handler before, or SIG_ERR with
 * errno set.
 */
static handler_type portable_signal(int signal_number, handler_type handler)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    struct sigaction before;

    sigemptyset(&action.sa_mask);
    if (sigaction(signal_number, &action, &before) == -1)
        return SIG_ERR;
    return before.sa_handler;
}

/* Calls portable_signal(), and prints what it returns. */
static void try_one(int signal_number, const char *name, handler_type handler)
{
    handler_type before = portable_signal(signal_number, handler);

    if (before == SIG_ERR)
        printf("%s %s\n", name, errno == EINVAL ? "EINVAL" : strerror(errno));
    else if (before == SIG_DFL)
        printf("%s was default\n", name);
    else if (before == SIG_IGN)
        printf("%s was ignored\n", name);
    else
        printf("%s was %s\n", name, before == work ? "handler" : "another");
}

/* Prints each line of standard input, until one says `end`. */
static int echo_lines(void)
{
    char line[200];

    while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "end\n") != 0)
        printf("line %s", line);
    return ferror(stdin) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Tries portable_signal(), then prints what comes on standard input. */
static int try_signal(void)
{
    try_one(SIGUSR1, "SIGUSR1", work);
    try_one(SIGUSR1, "SIGUSR1", work);
    try_one(SIGUSR2, "SIGUSR2", SIG_IGN);
    try_one(SIGUSR2, "SIGUSR2", work);
    return echo_lines();
}

/* Tries portable_signal() for SIGKILL, which can't be caught. */
static int try_error(void)
{
    try_one(SIGKILL, "SIGKILL", work);
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
