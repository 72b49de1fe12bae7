// siglab: not started — delete this line when you begin
/*
 * graceful_server: a server that re-reads its configuration and leaves in good order.
 *
 * Requests come on standard input, one byte each: a digit from 1 to 9. To work on request
 * N takes N times 0.5 s. As it is handed out, the server works on one after another, knows
 * nothing of signals, and SIGHUP and SIGTERM kill it in the middle of its work.
 *
 * The exercise: write serve(). What it has to do is in README.md. Add includes, global
 * variables, functions and handlers as you need them. Do not change work() and
 * load_configuration().
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* How often the configuration has been loaded. */
static int configuration;

/* Loads the configuration. Do not change this function. */
static void load_configuration(void)
{
    configuration++;
    printf("configuration %d loaded\n", configuration);
}

/* Works on request NUMBER. Do not change this function. */
static void work(int number)
{
    struct timespec left = { .tv_sec = number / 2, .tv_nsec = number % 2 * 500000000L };

    printf("request %d: begun with configuration %d\n", number, configuration);
    while (nanosleep(&left, &left) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
    printf("request %d: done\n", number);
}

/* Returns what the program exits with. */
static int serve(void)
{
    char request;

    while (read(STDIN_FILENO, &request, 1) == 1) {
        if (request >= '1' && request <= '9')
            work(request - '0');
    }
    return 0;
}

int main(void)
{
    /* Complete lines go out at once, so that no child inherits any. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    load_configuration();
    return serve();
}
