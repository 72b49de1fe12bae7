// siglab: not started — delete this line when you begin
/*
 * safe_handler: a journal that is written while signals come.
 *
 * Every half second it writes a tick, four times. SIGUSR1 adds a note, SIGTERM ends the
 * program.
 * Until now the handler itself did that: it allocates, prints and locks a mutex, which
 * goes well until a signal comes while main() does the same.
 *
 * The exercise: README.md. Write run_flag(), run_thread() and run_fd().
 *
 * Manual pages: signal-safety(7), sigsuspend(2), pselect(2), sigwait(3), signalfd(2).
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MS_PER_TICK = 500, LAST_TICK = 4 };
#define NS_PER_SECOND 1000000000LL
#define NS_PER_TICK (MS_PER_TICK * 1000000LL)

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* A note, kept on the heap. */
struct note {
    struct note *previous;
    int number;
};

static struct note *last_note;
static int ticks;
static pthread_mutex_t journal = PTHREAD_MUTEX_INITIALIZER;

/* What SIGUSR1 asks for: one more note. */
static void add_note(void)
{
    pthread_mutex_lock(&journal);
    struct note *note = malloc(sizeof *note);
    check(note != NULL ? 0 : -1, "malloc");
    note->previous = last_note;
    note->number = last_note != NULL ? last_note->number + 1 : 1;
    last_note = note;
    printf("note %d\n", note->number);
    pthread_mutex_unlock(&journal);
}

/* The end: SIGTERM asks for it. */
static void finish(void)
{
    pthread_mutex_lock(&journal);
    printf("notes: %d\n", last_note != NULL ? last_note->number : 0);
    while (last_note != NULL) {
        struct note *note = last_note;
        last_note = note->previous;
        free(note);
    }
    exit(EXIT_SUCCESS);
}

/* The program's regular work: one more tick, and the end after the last one. */
static void tick(void)
{
    pthread_mutex_lock(&journal);
    printf("tick %d\n", ++ticks);
    int is_last = ticks == LAST_TICK;
    pthread_mutex_unlock(&journal);
    if (is_last)
        finish();
}

/* The time in nanoseconds, on a clock that nobody can set. */
static long long now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* How it was until now. Everything in this handler is forbidden in handlers. */
static void on_signal(int signal_number)
{
    if (signal_number == SIGUSR1)
        add_note();
    else
        finish();
}

static void run_unsafe(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    check(sigaction(SIGTERM, &action, NULL), "sigaction");

    for (long long next = now_ns() + NS_PER_TICK;; next += NS_PER_TICK) {
        long long left;
        while ((left = next - now_ns()) > 0) {
            struct timespec time = { left / NS_PER_SECOND, left % NS_PER_SECOND };
            nanosleep(&time, NULL); /* a handler ends it early */
        }
        tick();
    }
}

/* A handler that only stores into flags; the loop does the work. */
static void run_flag(void)
{
}

/* No handler: one thread accepts the signals, another one ticks. */
static void run_thread(void)
{
}

/* Signals are an input among others: signalfd(), or a pipe that a handler writes into. */
static void run_fd(void)
{
}

int main(int argc, char **argv)
{
    const char *design = argc > 1 ? argv[1] : "";

    /* Complete lines go out at once. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    if (strcmp(design, "flag") == 0)
        run_flag();
    else if (strcmp(design, "thread") == 0)
        run_thread();
    else if (strcmp(design, "fd") == 0)
        run_fd();
    else
        run_unsafe();
    return EXIT_FAILURE; /* finish() exits */
}
