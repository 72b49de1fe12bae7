// siglab: not started — delete this line when you begin
/*
 * queued_values: real-time signals wait in a queue, each with a value.
 *
 * Without arguments: works off the values that come with SIGRTMIN+1 to SIGRTMIN+3, see
 * serve(). With a number: sends itself so many values, see fill(). The exact rules are in
 * README.md.
 *
 * Manual pages: signal(7), sigqueue(3), sigwaitinfo(2), setrlimit(2).
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

/* Works off the values that come, the most urgent first, until SIGTERM comes. */
static int serve(void)
{
    /* Your code */
    work();
    return EXIT_SUCCESS;
}

/* Sends itself the values 1 to LAST, and takes them, with a queue that is too short for all. */
static int fill(int last)
{
    /* Your code */
    struct rlimit limit;

    check(getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
    limit.rlim_cur = ROOM;
    (void)last;
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    /* Complete lines go out at once, even if standard output is a pipe. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    return argc == 1 ? serve() : fill(atoi(argv[1]));
}
