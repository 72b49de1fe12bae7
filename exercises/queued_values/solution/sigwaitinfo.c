/*
 * queued_values, solved with the kernel's own queue: the signals stay blocked, and one is
 * taken at a time. The kernel gives the lowest number first, and of one number the oldest.
 *
 * SIGTERM has a lower number than all real-time signals, so it is taken before values that
 * came earlier: it only says that the program is to leave when nothing waits any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* How many signals may be pending while the program fills its own queue. */
enum { ROOM = 64 };

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Half a second of work. */
static void work(void)
{
    struct timespec left = { .tv_sec = 0, .tv_nsec = 500 * 1000 * 1000 };

    while (nanosleep(&left, &left) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep"); /* go on with what is left */
}

/* Takes a pending signal of SET, if there is one: its number, or 0. */
static int take(const sigset_t *set, siginfo_t *info)
{
    const struct timespec at_once = { .tv_sec = 0, .tv_nsec = 0 };
    int signal_number;

    do
        signal_number = sigtimedwait(set, info, &at_once);
    while (signal_number == -1 && errno == EINTR);
    if (signal_number == -1 && errno == EAGAIN)
        return 0;
    check(signal_number, "sigtimedwait");
    return signal_number;
}

/* Prints the value that came with a signal. */
static void tell(int signal_number, int value)
{
    printf("SIGRTMIN+%d: %d\n", signal_number - SIGRTMIN, value);
}

/* Takes and prints all that waits: how many there were. */
static int take_all(const sigset_t *set)
{
    siginfo_t info;
    int signal_number, count = 0;

    for (; (signal_number = take(set, &info)) != 0; count++)
        tell(signal_number, info.si_value.sival_int);
    return count;
}

/* Works off the values that come, the most urgent first, until SIGTERM comes. */
static int serve(void)
{
    sigset_t values, everything;
    siginfo_t info;
    int leaving = 0;

    sigemptyset(&values);
    for (int i = 1; i <= 3; i++)
        check(sigaddset(&values, SIGRTMIN + i), "sigaddset");
    everything = values;
    check(sigaddset(&everything, SIGTERM), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &everything, NULL), "sigprocmask");

    for (;;) {
        int signal_number = take(&values, &info);

        if (signal_number == 0 && leaving)
            return EXIT_SUCCESS;
        if (signal_number == 0) {
            signal_number = sigwaitinfo(&everything, &info);
            if (signal_number == -1 && errno == EINTR)
                continue; /* we were stopped and continued, say */
            check(signal_number, "sigwaitinfo");
        }
        if (signal_number == SIGTERM) {
            leaving = 1;
            continue;
        }
        tell(signal_number, info.si_value.sival_int);
        work();
    }
}

/* Sends itself the values 1 to LAST, and takes them, with a queue that is too short for all. */
static int fill(int last)
{
    struct rlimit limit;
    sigset_t urgent;
    int value = 1;

    check(getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
    limit.rlim_cur = ROOM;
    check(setrlimit(RLIMIT_SIGPENDING, &limit), "setrlimit");

    sigemptyset(&urgent);
    check(sigaddset(&urgent, SIGRTMIN + 1), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &urgent, NULL), "sigprocmask");

    while (value <= last) {
        if (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = value }) == 0) {
            value++;
            continue;
        }
        check(errno == EAGAIN ? 0 : -1, "sigqueue");
        /* That makes room; the same value is sent again. Or the room is all taken by others. */
        if (take_all(&urgent) == 0)
            usleep(10 * 1000);
    }
    take_all(&urgent);
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    /* Complete lines go out at once, even if standard output is a pipe. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    return argc == 1 ? serve() : fill(atoi(argv[1]));
}
