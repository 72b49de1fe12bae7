/*
 * safe_handler: flags and pselect(), sigwait() in a thread, signalfd() and poll().
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/signalfd.h>
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

/* Both signals are blocked, but in one place of each design. */
static sigset_t block_both(void)
{
    sigset_t both;

    sigemptyset(&both);
    check(sigaddset(&both, SIGUSR1), "sigaddset");
    check(sigaddset(&both, SIGTERM), "sigaddset");
    errno = pthread_sigmask(SIG_BLOCK, &both, NULL);
    check(errno == 0 ? 0 : -1, "pthread_sigmask");
    return both;
}

/* What is left until the moment NEXT. */
static struct timespec time_until(long long next)
{
    long long left = next - now_ns();

    if (left < 0)
        left = 0;
    return (struct timespec){ left / NS_PER_SECOND, left % NS_PER_SECOND };
}

static volatile sig_atomic_t got_usr1, got_term;

static void take_note(int signal_number)
{
    if (signal_number == SIGUSR1)
        got_usr1 = 1;
    else
        got_term = 1;
}

/* The flags can't change between the look at them and the wait: only pselect() lets the
   signals in, and it does so and waits in one step. */
static void run_flag(void)
{
    struct sigaction action = { .sa_handler = take_note };
    sigset_t none;

    sigemptyset(&none);
    block_both();
    sigemptyset(&action.sa_mask);
    check(sigaction(SIGUSR1, &action, NULL), "sigaction");
    check(sigaction(SIGTERM, &action, NULL), "sigaction");

    for (long long next = now_ns() + NS_PER_TICK;;) {
        struct timespec left = time_until(next);
        int result = pselect(0, NULL, NULL, NULL, &left, &none);

        if (result == -1 && errno != EINTR)
            check(-1, "pselect");
        if (got_usr1) {
            got_usr1 = 0;
            add_note();
        }
        if (got_term)
            finish();
        if (now_ns() >= next) {
            tick();
            next += NS_PER_TICK;
        }
    }
}

/* The thread that accepts signals. It interrupts nobody, so it may do anything. */
static void *accept_signals(void *set)
{
    for (;;) {
        int signal_number;

        errno = sigwait(set, &signal_number);
        check(errno == 0 ? 0 : -1, "sigwait");
        if (signal_number == SIGUSR1)
            add_note();
        else
            finish();
    }
    return NULL;
}

static void run_thread(void)
{
    sigset_t both = block_both(); /* before there is another thread, which inherits it */
    pthread_t thread;

    errno = pthread_create(&thread, NULL, accept_signals, &both);
    check(errno == 0 ? 0 : -1, "pthread_create");
    for (long long next = now_ns() + NS_PER_TICK;; next += NS_PER_TICK) {
        struct timespec left = time_until(next);
        nanosleep(&left, NULL); /* no handler, so nothing ends it early */
        tick();
    }
}

static void run_fd(void)
{
    sigset_t both = block_both();
    struct pollfd input = { .fd = signalfd(-1, &both, SFD_CLOEXEC), .events = POLLIN };

    check(input.fd, "signalfd");
    for (long long next = now_ns() + NS_PER_TICK;;) {
        struct timespec left = time_until(next);
        int ready = ppoll(&input, 1, &left, NULL);

        if (ready == -1 && errno != EINTR) /* EINTR: we were stopped and continued */
            check(-1, "ppoll");
        if (ready == 1) {
            struct signalfd_siginfo info;
            ssize_t size = read(input.fd, &info, sizeof info);
            check(size == (ssize_t)sizeof info ? 0 : -1, "read");
            if (info.ssi_signo == SIGUSR1)
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
