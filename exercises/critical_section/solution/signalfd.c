/*
 * critical_section, solved without handlers: signalfd() and poll().
 *
 * Both signals are blocked for good. Only a rest reads them, so there is no moment in a
 * move at which anybody could look; what has come in a move is still pending at its end.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000LL
#define NS_PER_SECOND 1000000000LL

enum { COINS = 40, PORTION = 10, MOVES = 4 };

static int left = COINS, right = 0;

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

static long long now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Answers all signals that have come. */
static void answer(int signals)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGUSR1)
            printf("left %d, right %d\n", left, right);
        else
            printf("total %d\n", left + right);
    }
    check(errno == EAGAIN ? 0 : -1, "read");
}

/* Waits until END, and answers meanwhile. */
static void rest_until(long long end, int signals)
{
    struct pollfd input = { .fd = signals, .events = POLLIN };

    for (;;) {
        long long left_over = end - now_ns();
        if (left_over <= 0)
            return;
        struct timespec timeout = { .tv_sec = 0, .tv_nsec = left_over };
        int ready = ppoll(&input, 1, &timeout, NULL);
        if (ready == -1 && errno != EINTR)
            check(-1, "ppoll");
        if (ready == 1)
            answer(signals);
    }
}

static void move_coins(void)
{
    struct timespec pause = { .tv_sec = 0, .tv_nsec = 200 * NS_PER_MS };
    sigset_t pending;

    left -= PORTION;
    while (nanosleep(&pause, &pause) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
    right += PORTION;

    check(sigpending(&pending), "sigpending");
    if (sigismember(&pending, SIGUSR1))
        printf("SIGUSR1 waited\n");
    if (sigismember(&pending, SIGUSR2))
        printf("SIGUSR2 waited\n");
}

int main(int argc, char **argv)
{
    int hold = argc > 1 && strcmp(argv[1], "hold") == 0;
    struct timespec pause = { .tv_sec = 0, .tv_nsec = 300 * NS_PER_MS };
    sigset_t blocked;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    check(sigprocmask(SIG_BLOCK, &blocked, NULL), "sigprocmask");
    int signals = signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC);
    check(signals, "signalfd");

    for (int move = 0; move < MOVES; move++) {
        move_coins();
        if (hold)
            nanosleep(&pause, NULL); /* no handler interrupts it */
        else
            rest_until(now_ns() + 300 * NS_PER_MS, signals);
    }
    answer(signals);
    return EXIT_SUCCESS;
}
