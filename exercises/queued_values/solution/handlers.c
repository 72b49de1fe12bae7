/*
 * queued_values, solved with handlers that put the values into queues of the program's
 * own, one for each signal. The ordinary code takes from the most urgent one that isn't
 * empty. It blocks the signals while it looks, and sigsuspend() unblocks them and waits
 * in one step. During the work they are unblocked, so nothing is left to the kernel's
 * queue but what comes while a handler runs.
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

enum { SIGNALS = 3, QUEUE_LENGTH = 1024 };

/* The values of one signal, in the order in which they came. */
struct queue {
    volatile int values[QUEUE_LENGTH];
    volatile sig_atomic_t first, length;
};

static struct queue queues[SIGNALS];
static volatile sig_atomic_t leaving;

/* SIGRTMIN + 1. */
static int first_signal;

/* The handler. All signals are blocked while it runs. */
static void take_note(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    if (signal_number == SIGTERM) {
        leaving = 1;
        return;
    }
    struct queue *queue = &queues[signal_number - first_signal];
    if (queue->length == QUEUE_LENGTH)
        abort(); /* better than to lose one in silence */
    queue->values[(queue->first + queue->length) % QUEUE_LENGTH] = info->si_value.sival_int;
    queue->length++;
}

/* Tells the most urgent value, with the signals blocked. Whether there was one. */
static int tell_next(void)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (queues[i].length > 0) {
            tell(first_signal + i, queues[i].values[queues[i].first]);
            queues[i].first = (queues[i].first + 1) % QUEUE_LENGTH;
            queues[i].length--;
            return 1;
        }
    }
    return 0;
}

/* Works off the values that come, the most urgent first, until SIGTERM comes. */
static int serve(void)
{
    struct sigaction action = { .sa_sigaction = take_note, .sa_flags = SA_SIGINFO };
    sigset_t old_mask;

    first_signal = SIGRTMIN + 1;
    sigemptyset(&action.sa_mask);
    check(sigaddset(&action.sa_mask, SIGTERM), "sigaddset");
    for (int i = 0; i < SIGNALS; i++)
        check(sigaddset(&action.sa_mask, first_signal + i), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &action.sa_mask, &old_mask), "sigprocmask");
    check(sigaction(SIGTERM, &action, NULL), "sigaction");
    for (int i = 0; i < SIGNALS; i++)
        check(sigaction(first_signal + i, &action, NULL), "sigaction");

    for (;;) {
        if (tell_next()) {
            check(sigprocmask(SIG_SETMASK, &old_mask, NULL), "sigprocmask");
            work();
            check(sigprocmask(SIG_BLOCK, &action.sa_mask, NULL), "sigprocmask");
        } else if (leaving) {
            return EXIT_SUCCESS;
        } else {
            sigsuspend(&old_mask); /* always "fails" with EINTR */
        }
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
