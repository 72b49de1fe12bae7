/*
 * safe_handler: flags, a timer and sigsuspend(); sigtimedwait() in the first thread; a
 * self-pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

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

static void install(int signal_number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

static volatile sig_atomic_t got[NSIG];

static void take_note(int signal_number)
{
    got[signal_number] = 1;
}

static int was_noted(int signal_number)
{
    int noted = got[signal_number];

    got[signal_number] = 0;
    return noted;
}

/* A timer ticks, so there is nothing but signals to wait for. They are let in by
   sigsuspend() only. */
static void run_flag(void)
{
    static const int watched[] = { SIGUSR1, SIGTERM, SIGALRM };
    const struct timeval half = { .tv_sec = 0, .tv_usec = MS_PER_TICK * 1000 };
    struct itimerval timer = { .it_interval = half, .it_value = half };
    sigset_t blocked, before;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaddset(&blocked, watched[i]), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &blocked, &before), "sigprocmask");
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        install(watched[i], take_note);
    check(setitimer(ITIMER_REAL, &timer, NULL), "setitimer");

    for (;;) {
        sigsuspend(&before);
        if (was_noted(SIGALRM))
            tick();
        if (was_noted(SIGUSR1))
            add_note();
        if (was_noted(SIGTERM))
            finish();
    }
}

static void *tick_on(void *unused)
{
    const struct timespec half = { .tv_sec = 0, .tv_nsec = NS_PER_TICK };

    (void)unused;
    for (;;) {
        nanosleep(&half, NULL);
        tick();
    }
    return NULL;
}

static void run_thread(void)
{
    pthread_t ticker;
    sigset_t both;

    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &both, NULL);
    check(pthread_create(&ticker, NULL, tick_on, NULL) == 0 ? 0 : -1, "pthread_create");
    for (;;) {
        int signal_number = sigwaitinfo(&both, NULL);

        if (signal_number == SIGUSR1)
            add_note();
        else if (signal_number == SIGTERM)
            finish();
    }
}

static int write_end;

static void tell_the_loop(int signal_number)
{
    int saved_errno = errno;
    unsigned char byte = (unsigned char)signal_number;

    if (write(write_end, &byte, 1) == -1) {
        /* The pipe is full of signals: one more would change nothing. */
    }
    errno = saved_errno;
}

static void run_fd(void)
{
    int ends[2];

    check(pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
    write_end = ends[1];
    struct pollfd input = { .fd = ends[0], .events = POLLIN };
    install(SIGUSR1, tell_the_loop);
    install(SIGTERM, tell_the_loop);

    for (long long next = now_ns() + NS_PER_TICK;;) {
        long long left = next - now_ns();
        unsigned char byte;

        /* It counts in milliseconds: too late is better than too early and again. */
        if (poll(&input, 1, left > 0 ? (int)((left + 999999) / 1000000) : 0) == -1 && errno != EINTR)
            check(-1, "poll");
        while (read(ends[0], &byte, 1) == 1) {
            if (byte == SIGUSR1)
                add_note();
            else
                finish();
        }
        if (now_ns() >= next) {
            tick();
            next += NS_PER_TICK;
        }
    }
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
    fprintf(stderr, "usage: safe_handler flag|thread|fd\n");
    return EXIT_FAILURE;
}
