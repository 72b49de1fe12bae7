/*
 * interrupted_calls, solved with SA_RESTART, what is left of a sleep, and ppoll().
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

/* A moment on a clock that nobody can set. */
static struct timespec moment(long milliseconds_from_now)
{
    struct timespec time;

    check(clock_gettime(CLOCK_MONOTONIC, &time), "clock_gettime");
    time.tv_nsec += milliseconds_from_now * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* What is left until END; nothing if it is over. */
static struct timespec time_until(struct timespec end)
{
    struct timespec now = moment(0);
    struct timespec left = { end.tv_sec - now.tv_sec, end.tv_nsec - now.tv_nsec };

    if (left.tv_nsec < 0) {
        left.tv_nsec += 1000000000;
        left.tv_sec--;
    }
    if (left.tv_sec < 0)
        left = (struct timespec){ 0, 0 };
    return left;
}

/* `sleep`: a sleep never restarts, SA_RESTART or not, but it tells how much is left. */
static int sleep_in_full(void)
{
    struct timespec left = { .tv_sec = 2, .tv_nsec = 0 };

    install(SIGUSR1, on_usr1);
    while (nanosleep(&left, &left) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
    printf("slept\n");
    return EXIT_SUCCESS;
}

/* What has been read of the line. */
static char line[256];
static size_t length;

/* Reads another piece of the line. True when the line, or the input, is at its end. */
static bool read_piece(void)
{
    ssize_t size = read(STDIN_FILENO, line + length, sizeof line - length);

    if (size == -1 && errno == EINTR)
        return false;
    check((int)size, "read");
    length += (size_t)size;
    return size == 0 || line[length - 1] == '\n' || length == sizeof line;
}

static int tell_line(void)
{
    if (length == 0 || line[length - 1] != '\n') {
        printf("no line\n");
        return NO_LINE;
    }
    printf("line: %.*s\n", (int)length - 1, line);
    return EXIT_SUCCESS;
}

/* `read`: SA_RESTART makes read() go on. */
static int read_line(void)
{
    install(SIGUSR1, on_usr1);
    while (!read_piece())
        ;
    return tell_line();
}

static volatile sig_atomic_t is_cancelled;

static void on_usr2(int signal_number)
{
    (void)signal_number;
    is_cancelled = 1;
}

/* `cancel`: SIGUSR2 is let in by ppoll() only, so none comes between the look at the flag
   and the wait. */
static int read_or_cancel(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    sigset_t usr2, before;

    sigemptyset(&usr2);
    check(sigaddset(&usr2, SIGUSR2), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &usr2, &before), "sigprocmask");
    install(SIGUSR2, on_usr2);
    install(SIGUSR1, on_usr1);

    for (;;) {
        int ready = ppoll(&input, 1, NULL, &before);

        if (ready == -1 && errno != EINTR)
            check(-1, "ppoll");
        if (is_cancelled) {
            printf("cancelled\n");
            return CANCELLED;
        }
        if (ready == 1 && read_piece())
            return tell_line();
    }
}

/* `timeout`: the end is a moment, and each wait is for what is left until then. */
static int read_in_time(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    struct timespec end = moment(1500);

    install(SIGUSR1, on_usr1);
    for (;;) {
        struct timespec left = time_until(end);
        int ready = ppoll(&input, 1, &left, NULL);

        if (ready == -1 && errno != EINTR)
            check(-1, "ppoll");
        if (ready == 0) {
            printf("too late\n");
            return TOO_LATE;
        }
        if (ready == 1 && read_piece())
            return tell_line();
    }
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
