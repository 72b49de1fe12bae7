// siglab: not started — delete this line when you begin
/*
 * event_loop: signals, pipes and a timer in one loop.
 *
 * Two children, the sources, write messages into pipes, one byte each. At each SIGUSR1 the
 * left source writes one message, and the right source three in one piece; at SIGUSR2 a source
 * ends, and 5 s after its start in any case. As it is handed out, the parent reads one pipe after the other, shows no messages,
 * and knows nothing of time and signals.
 *
 * The exercise: write loop(). What it has to do is in README.md. Add includes, global
 * variables, functions and handlers as you need them. Do not change source(), nor the
 * functions that show something.
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

enum side { LEFT, RIGHT, SIDES };

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* How many messages have been shown. */
static int counts[SIDES];

/* Shows that a message has come. Do not change this function. */
static void show_message(enum side side)
{
    counts[side]++;
    printf("message %d from the %s\n", counts[side], side == LEFT ? "left" : "right");
}

/* Shows how many messages have come. Do not change this function. */
static void show_counts(void)
{
    printf("so far: %d and %d\n", counts[LEFT], counts[RIGHT]);
}

/* Shows that second NUMBER is over. Do not change this function. */
static void show_second(int number)
{
    printf("second %d\n", number);
}

/* What a source does: it writes messages into FD. Do not change this function. */
static int source(enum side side, int fd)
{
    static const char messages[] = { 'm', 'm', 'm' };
    size_t size = side == LEFT ? 1 : 3;
    int signal_number;
    sigset_t waited_for;

    sigemptyset(&waited_for);
    check(sigaddset(&waited_for, SIGUSR1), "sigaddset");
    check(sigaddset(&waited_for, SIGUSR2), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &waited_for, NULL), "sigprocmask");
    alarm(5); /* whatever happens, it is over then: SIGALRM kills */
    for (;;) {
        check(sigwait(&waited_for, &signal_number) == 0 ? 0 : -1, "sigwait");
        if (signal_number == SIGUSR2)
            return 0;
        check((int)write(fd, messages, size), "write");
    }
}

/* Returns what the program exits with. FDS are the pipes, PIDS the sources. */
static int loop(const int fds[SIDES], const pid_t pids[SIDES])
{
    char message;

    for (int side = LEFT; side < SIDES; side++) {
        while (read(fds[side], &message, 1) > 0) {
            /* show_message(), show_counts() and show_second() wait to be called. */
        }
        check(waitpid(pids[side], NULL, 0), "waitpid");
    }
    show_message(LEFT);
    show_counts();
    show_second(1);
    return 0;
}

int main(void)
{
    int fds[SIDES];
    pid_t pids[SIDES];

    /* Complete lines go out at once, so that no child inherits any. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    for (int side = LEFT; side < SIDES; side++) {
        int ends[2];
        check(pipe(ends), "pipe");
        pids[side] = fork();
        check(pids[side], "fork");
        if (pids[side] == 0) {
            check(close(ends[0]), "close");
            return source(side, ends[1]);
        }
        check(close(ends[1]), "close");
        fds[side] = ends[0];
    }
    return loop(fds, pids);
}
