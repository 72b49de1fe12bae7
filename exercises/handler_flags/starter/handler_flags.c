// siglab: not started — delete this line when you begin
/*
 * handler_flags: what the flags of sigaction() change.
 *
 * The argument says which one: defer, nest, once, children, info, signal or error. The
 * exact rules are in README.md.
 *
 * Manual pages: sigaction(2), signal(2), signal(7), wait(2), signal-safety(7).
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

    /* Your code */
    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

/* Installs work() with SA_NODEFER: whatever comes interrupts it. */
static void nest(void)
{
    /* Your code */
}

/* Installs work() with SA_RESETHAND: for one signal. */
static void once(void)
{
    /* Your code */
}

/* Installs a handler with SA_SIGINFO, which tells the value that came with SIGUSR1. */
static void info(void)
{
    /* Your code */
}

/* Three children that nobody has to wait for: SA_NOCLDWAIT. */
static int children(void)
{
    /* Your code */
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
    /* Your code */
    (void)signal_number;
    return handler;
}

/* Tries portable_signal(), then prints what comes on standard input. */
static int try_signal(void)
{
    /* Your code */
    portable_signal(SIGUSR1, work);
    return EXIT_SUCCESS;
}

/* Tries portable_signal() for SIGKILL, which can't be caught. */
static int try_error(void)
{
    /* Your code */
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
