/*
 * interrupted_calls, solved without any interruption: signals are read from a signalfd.
 *
 * One loop waits for all that can happen: a signal, input, the end of the time. Nothing is
 * interrupted by a handler, as there is none.
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

#define NS_PER_SECOND 1000000000LL
#define FOR_EVER (-1LL)

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

/* Waits until one of the inputs is ready, or END has come: then the result is 0. */
static int wait_for(struct pollfd *inputs, nfds_t count, long long end)
{
    for (;;) {
        struct timespec left;
        if (end != FOR_EVER) {
            long long ns = end - now_ns();
            if (ns <= 0)
                return 0;
            left = (struct timespec){ ns / NS_PER_SECOND, ns % NS_PER_SECOND };
        }
        int ready = ppoll(inputs, count, end != FOR_EVER ? &left : NULL, NULL);
        if (ready > 0)
            return ready;
        if (ready == -1 && errno != EINTR) /* EINTR: we were stopped and continued */
            check(-1, "ppoll");
    }
}

int main(int argc, char **argv)
{
    const char *call = argc > 1 ? argv[1] : "";
    long long end = FOR_EVER;
    static char line[256];
    size_t length = 0;
    sigset_t both;

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    check(sigprocmask(SIG_BLOCK, &both, NULL), "sigprocmask");
    struct pollfd inputs[] = {
        { .fd = signalfd(-1, &both, SFD_CLOEXEC), .events = POLLIN },
        { .fd = STDIN_FILENO, .events = POLLIN },
    };
    check(inputs[0].fd, "signalfd");

    nfds_t count = strcmp(call, "sleep") == 0 ? 1 : 2;
    if (count == 1)
        end = now_ns() + 2 * NS_PER_SECOND;
    else if (strcmp(call, "timeout") == 0)
        end = now_ns() + 3 * NS_PER_SECOND / 2;

    while (wait_for(inputs, count, end) > 0) {
        if (inputs[0].revents != 0) {
            struct signalfd_siginfo info;
            ssize_t size = read(inputs[0].fd, &info, sizeof info);
            check(size == (ssize_t)sizeof info ? 0 : -1, "read");
            if (info.ssi_signo == SIGUSR1) {
                printf("got SIGUSR1\n");
            } else if (strcmp(call, "cancel") == 0) {
                printf("cancelled\n");
                return 2;
            }
        } else {
            ssize_t size = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
            check((int)size, "read");
            length += (size_t)size;
            char *newline = memchr(line, '\n', length);
            if (newline != NULL) {
                printf("line: %.*s\n", (int)(newline - line), line);
                return 0;
            }
            if (size == 0) {
                printf("no line\n");
                return 1;
            }
        }
    }
    printf(count == 1 ? "slept\n" : "too late\n");
    return count == 1 ? 0 : 3;
}
