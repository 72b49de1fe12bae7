// siglab: not started — delete this line when you begin
/*
 * interrupted_calls: what becomes of a call when a signal comes?
 *
 * The program makes one call that waits: a sleep, or a read, with or without a way out.
 * SIGUSR1 is only to be told. As it is handed out, it ends or spoils every one of these calls.
 *
 * The exercise: README.md. Change the four functions that main() calls.
 *
 * Manual pages: signal(7) ("Interruption of system calls"), sigaction(2), nanosleep(2), ppoll(2).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit statuses. */
enum { NO_LINE = 1, CANCELLED = 2, TOO_LATE = 3, USAGE = 4 };

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* SIGUSR1: says so, and that is all. */
static void on_usr1(int signal_number)
{
    static const char line[] = "got SIGUSR1\n";
    int saved_errno = errno;

    (void)signal_number;
    if (write(STDOUT_FILENO, line, sizeof line - 1) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

static void install(int signal_number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = 0 };

    sigemptyset(&action.sa_mask);
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

/* `sleep`: sleeps for two seconds. */
static int sleep_in_full(void)
{
    install(SIGUSR1, on_usr1);
    sleep(2);
    printf("slept\n");
    return EXIT_SUCCESS;
}

/* Takes one piece of the input, and calls it a line. */
static int take_line(void)
{
    char line[256];
    ssize_t size = read(STDIN_FILENO, line, sizeof line);

    check((int)size, "read");
    if (size == 0) {
        printf("no line\n");
        return NO_LINE;
    }
    printf("line: %.*s\n", (int)size - 1, line);
    return EXIT_SUCCESS;
}

/* `read`: reads a line. */
static int read_line(void)
{
    install(SIGUSR1, on_usr1);
    return take_line();
}

/* `cancel`: reads a line, unless SIGUSR2 comes before. */
static int read_or_cancel(void)
{
    install(SIGUSR1, on_usr1);
    return take_line();
}

/* `timeout`: reads a line, but gives up 1.5 s after the start. */
static int read_in_time(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    install(SIGUSR1, on_usr1);
    int ready = poll(&input, 1, 1500);
    check(ready, "poll");
    if (ready == 1)
        return take_line();
    printf("too late\n");
    return TOO_LATE;
}

int main(int argc, char **argv)
{
    const char *call = argc > 1 ? argv[1] : "";

    /* Complete lines go out at once. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    if (strcmp(call, "sleep") == 0)
        return sleep_in_full();
    if (strcmp(call, "read") == 0)
        return read_line();
    if (strcmp(call, "cancel") == 0)
        return read_or_cancel();
    if (strcmp(call, "timeout") == 0)
        return read_in_time();
    fprintf(stderr, "usage: interrupted_calls sleep|read|cancel|timeout\n");
    return USAGE;
}
