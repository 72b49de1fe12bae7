// siglab: not started — delete this line when you begin
/*
 * signal_thread: one thread takes the signals of all.
 *
 * Three threads, the workers, wait for work. A worker is woken by SIGUSR2 for its own
 * thread; then it does a job, which takes 0.5 s, or leaves if `stopping` is set. As it is
 * handed out, nobody wakes them, and a signal kills the program.
 *
 * The exercise: write run(). What it has to do is in README.md. Add includes, global
 * variables and functions as you need them. Do not change work().
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* The same for functions that return an error number, as those of threads do. */
static void check_number(int error, const char *call)
{
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", call, strerror(error));
        exit(EXIT_FAILURE);
    }
}

/* Whether a worker that is woken is to leave. */
static atomic_bool stopping;

/* From now on a worker that is woken leaves. Do not change this function. */
static void stop_working(void)
{
    atomic_store(&stopping, true);
    printf("workers leave from now on\n");
}

/* What a worker does. ARGUMENT is its number, an int. Do not change this function. */
static void *work(void *argument)
{
    int number = *(int *)argument;
    int signal_number;
    sigset_t wake;

    sigemptyset(&wake);
    check(sigaddset(&wake, SIGUSR2), "sigaddset");
    for (;;) {
        struct timespec left = { .tv_sec = 0, .tv_nsec = 500000000 };

        check_number(sigwait(&wake, &signal_number), "sigwait");
        if (atomic_load(&stopping))
            break;
        printf("worker %d: begins a job\n", number);
        while (nanosleep(&left, &left) == -1)
            check(errno == EINTR ? 0 : -1, "nanosleep");
        printf("worker %d: done\n", number);
    }
    printf("worker %d: leaves\n", number);
    return NULL;
}

/* Returns what the program exits with. As it is, the workers wait for ever. */
static int run(void)
{
    static int numbers[WORKERS] = { 1, 2, 3 };
    pthread_t workers[WORKERS];

    for (int i = 0; i < WORKERS; i++)
        check_number(pthread_create(&workers[i], NULL, work, &numbers[i]), "pthread_create");
    for (int i = 0; i < WORKERS; i++)
        check_number(pthread_join(workers[i], NULL), "pthread_join");
    stop_working(); /* too late: it is here so that somebody calls it */
    return 0;
}

int main(void)
{
    /* Complete lines go out at once. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    return run();
}
