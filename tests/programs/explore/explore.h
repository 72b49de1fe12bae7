// What the programs of the explorer's corpus share. Handlers may call say(), nothing else
// of this.
//
// The lines that a clean program prints without a signal are printed with one, too, in the
// same order; a signal may only add lines. So counts are compared with bounds, not printed.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Ends the program if a call has failed. Not for calls that a signal may interrupt.
#define MUST(call) must((long)(call), #call)
static inline long must(long result, const char *call) {
    if (result == -1) {
        perror(call);
        exit(2);
    }
    return result;
}

// One write(2), so that no line is torn; leaves errno alone.
static inline void say(const char *text) {
    int before = errno;
    size_t length = 0;
    while (text[length])
        length++;
    ssize_t written = write(STDOUT_FILENO, text, length);
    (void)written;
    errno = before;
}

// Installs a handler that is interrupted by no other.
static inline void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigfillset(&action.sa_mask);
    MUST(sigaction(number, &action, NULL));
}

// Blocks one signal for this thread; returns the mask from before.
static inline sigset_t block(int number) {
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, number);
    MUST(pthread_sigmask(SIG_BLOCK, &one, &before) == 0 ? 0 : -1);
    return before;
}

static inline void set_mask(const sigset_t *mask) {
    MUST(pthread_sigmask(SIG_SETMASK, mask, NULL) == 0 ? 0 : -1);
}

// A repeating timer: SIGALRM every so many milliseconds, fewer than 1000.
static inline void tick_every(int milliseconds) {
    struct timeval each = {.tv_usec = milliseconds * 1000};
    struct itimerval timer = {.it_interval = each, .it_value = each};
    MUST(setitimer(ITIMER_REAL, &timer, NULL));
}
