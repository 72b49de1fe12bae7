/*
 * What the hostile programs share: each says on standard output what the kernel, or
 * siglab in its place, answered to every call that it made.
 */
#ifndef HOSTILE_COMMON_H
#define HOSTILE_COMMON_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *errno_name(int number)
{
    switch (number) {
    case EPERM: return "EPERM";
    case ESRCH: return "ESRCH";
    case EINTR: return "EINTR";
    case EBADF: return "EBADF";
    case ECHILD: return "ECHILD";
    case EAGAIN: return "EAGAIN";
    case EACCES: return "EACCES";
    case EINVAL: return "EINVAL";
    case ENOSYS: return "ENOSYS";
    case ENOENT: return "ENOENT";
    case EIO: return "EIO";
    case EBUSY: return "EBUSY";
    default: return strerror(number);
    }
}

/* Prints "CALL: ok" or "CALL: EPERM". RESULT is what a libc function returned. */
static inline void report(const char *call, long result)
{
    int number = errno;

    printf("%s: %s\n", call, result == -1 ? errno_name(number) : "ok");
    fflush(stdout);
}

/* The process that a test names: its pid, or "parent". */
static inline pid_t target_of(const char *argument)
{
    return strcmp(argument, "parent") == 0 ? getppid() : (pid_t)atoi(argument);
}

/* Ends the program if its set-up failed: then it shows nothing. */
static inline void check(long result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(99);
    }
}

#endif
