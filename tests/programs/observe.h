// What the programs of the corpus share: small wrappers, and printing what they observe.
//
// A program of the corpus prints no pid, no exact time and no number of three digits or
// more (in a trace, numbers that are pids of the run become roles). Each line is one
// write(2), so that lines of several processes don't mix.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// printf with %s and %d only; async-signal-safe, unlike that.
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...) {
    char line[256];
    size_t used = 0;
    va_list args;
    va_start(args, format);
    for (const char *at = format; *at && used < sizeof line - 12; at++) {
        if (*at != '%') {
            line[used++] = *at;
            continue;
        }
        if (*++at == 's') {
            for (const char *s = va_arg(args, const char *); *s && used < sizeof line - 12; s++)
                line[used++] = *s;
        } else {
            int number = va_arg(args, int);
            unsigned rest = number < 0 ? -(unsigned)number : (unsigned)number;
            char digits[10];
            int count = 0;
            do {
                digits[count++] = (char)('0' + rest % 10);
            } while (rest /= 10);
            if (number < 0)
                line[used++] = '-';
            while (count)
                line[used++] = digits[--count];
        }
    }
    va_end(args);
    ssize_t written = write(STDOUT_FILENO, line, used);
    (void)written;
}

static inline const char *yes(bool is) {
    return is ? "yes" : "no";
}

// The name of an errno.
static inline const char *error_name(int number) {
    const char *name = number ? strerrorname_np(number) : "ok";
    return name ? name : "an unknown errno";
}

// The name of a signal.
static inline const char *signal_name(int number) {
    static const char *const names[] = {
        "none",    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE",  "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIG16",   "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",   "SIGPWR",  "SIGSYS",
    };
    static const char *const real_time[] = {"SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3"};
    if (number >= 0 && number < 32)
        return names[number];
    if (number >= SIGRTMIN && number < SIGRTMIN + 4)
        return real_time[number - SIGRTMIN];
    return number == SIGRTMAX ? "SIGRTMAX" : "another signal";
}

// The name of a siginfo's si_code.
static inline const char *code_name(const siginfo_t *info) {
    switch (info->si_code) {
    case SI_USER: return "SI_USER";
    case SI_KERNEL: return "SI_KERNEL";
    case SI_QUEUE: return "SI_QUEUE";
    case SI_TIMER: return "SI_TIMER";
    case SI_MESGQ: return "SI_MESGQ";
    case SI_ASYNCIO: return "SI_ASYNCIO";
    case SI_SIGIO: return "SI_SIGIO";
    case SI_TKILL: return "SI_TKILL";
    }
    static const char *const child[] = {"CLD_EXITED",  "CLD_KILLED",  "CLD_DUMPED",
                                        "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"};
    static const char *const segv[] = {"SEGV_MAPERR", "SEGV_ACCERR"};
    static const char *const bus[] = {"BUS_ADRALN", "BUS_ADRERR"};
    static const char *const fpe[] = {"FPE_INTDIV", "FPE_INTOVF"};
    static const char *const ill[] = {"ILL_ILLOPC", "ILL_ILLOPN"};
    static const char *const io[] = {"POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"};
    int index = info->si_code - 1;
#define PICK(names) return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : "another code"
    switch (info->si_signo) {
    case SIGCHLD: PICK(child);
    case SIGSEGV: PICK(segv);
    case SIGBUS: PICK(bus);
    case SIGFPE: PICK(fpe);
    case SIGILL: PICK(ill);
    default: PICK(io);
    }
#undef PICK
}

// Prints a call's name and its result: the number that it returned, or the errno.
static inline void said(const char *call, long result) {
    int error = errno;
    static const char raw[] = "syscall(SYS_";
    if (strncmp(call, raw, sizeof raw - 1) == 0)
        call += sizeof raw - 1;
    char name[32];
    size_t length = 0;
    for (; call[length] && !strchr("(,", call[length]) && length < sizeof name - 1; length++)
        name[length] = call[length];
    name[length] = 0;
    if (result == -1)
        say("%s: %s\n", name, error_name(error));
    else
        say("%s: %d\n", name, (int)result);
}
#define SAY(call) said(#call, (long)(call))

// For calls that aren't the subject and have to succeed.
static inline long must(const char *call, long result) {
    if (result == -1) {
        say("%s: %s\n", call, error_name(errno));
        _exit(99);
    }
    return result;
}
#define MUST(call) must(#call, (long)(call))

// A moment of CLOCK_MONOTONIC in ms.
static inline int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static inline struct timespec timespec_of_ms(int64_t ms) {
    return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

static inline struct timeval timeval_of_ms(int64_t ms) {
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static inline int64_t ms_of_timespec(struct timespec time) {
    return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

static inline int64_t ms_of_timeval(struct timeval time) {
    return time.tv_sec * INT64_C(1000) + time.tv_usec / 1000;
}

// A moment of `clock` in `ms` from now.
static inline struct timespec in_ms(clockid_t clock, int64_t ms) {
    struct timespec now;
    clock_gettime(clock, &now);
    int64_t ns = now.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){.tv_sec = now.tv_sec + ms / 1000 + ns / 1000000000, .tv_nsec = ns % 1000000000};
}

// By how much a busy machine may delay one process or another, in ms: none under virtual
// time. Delays make waits longer, or shorter if it is their begin that is late.
static inline int64_t slack_ms(void) {
    const char *slack = getenv("OBSERVE_SLACK_MS");
    return slack ? atoi(slack) : 0;
}

static inline void say_seconds(const char *what, int64_t ms) {
    say("%s %s%d.%s%d s\n", what, ms < 0 ? "-" : "", (int)(llabs(ms) / 1000), llabs(ms) % 1000 < 100 ? "0" : "",
        (int)(llabs(ms) % 1000 / 10));
}

// Prints how much time has gone by since `start`: `expected`, if it was that but for the
// slack, or else what it was.
static inline void elapsed(const char *what, int64_t start, int64_t expected) {
    int64_t ms = now_ms() - start, early = slack_ms() ? expected / 2 : 0;
    say_seconds(what, ms >= expected - 5 - early && ms <= expected + 5 + slack_ms() ? expected : ms);
}

// Prints how much time is left to wait, as `elapsed` does.
static inline void left(const char *what, int64_t ms, int64_t expected) {
    int64_t late = slack_ms() ? 50 : 0;
    say_seconds(what, ms <= expected + 5 + late && ms >= expected - 5 - slack_ms() ? expected : ms);
}

// Sleeps, whatever handlers run meanwhile.
static inline void sleep_ms(int64_t ms) {
    struct timespec until = in_ms(CLOCK_MONOTONIC, ms);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

// Installs a handler.
static inline void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    MUST(sigaction(number, &action, NULL));
}

// Installs a handler that gets a siginfo.
static inline void handle_info(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    MUST(sigaction(number, &action, NULL));
}

// A set of up to three signals; 0 is none.
static inline sigset_t set_of(int first, int second, int third) {
    sigset_t set;
    sigemptyset(&set);
    int all[] = {first, second, third};
    for (int i = 0; i < 3; i++)
        if (all[i])
            sigaddset(&set, all[i]);
    return set;
}

static inline void block(int number) {
    sigset_t set = set_of(number, 0, 0);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
}

static inline void unblock(int number) {
    sigset_t set = set_of(number, 0, 0);
    MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
}

// A timer of setitimer(2) that goes off once.
static inline void alarm_in_ms(int64_t ms) {
    struct itimerval timer = {.it_value = timeval_of_ms(ms)};
    MUST(setitimer(ITIMER_REAL, &timer, NULL));
}

// A child that sends its parent a signal after a while, and exits.
static inline pid_t send_parent(int number, int64_t after_ms) {
    pid_t parent = getpid();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(after_ms);
        kill(parent, number);
        _exit(0);
    }
    return child;
}

// Prints a wait status.
static inline void say_status(const char *what, int status) {
    if (WIFEXITED(status))
        say("%s: exited with %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        say("%s: killed by %s\n", what, signal_name(WTERMSIG(status)));
    else if (WIFSTOPPED(status))
        say("%s: stopped by %s\n", what, signal_name(WSTOPSIG(status)));
    else
        say("%s: continued\n", what);
}

// Waits for a child to end and prints how it did.
static inline void reap(const char *what, pid_t child) {
    int status;
    pid_t reaped;
    while ((reaped = waitpid(child, &status, 0)) == -1 && errno == EINTR) {
    }
    MUST(reaped);
    say_status(what, status);
}

// Waits for a child to end, silently.
static inline void reap_silently(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
}

// A child whose output goes to `*file`, for `print_aside` when it has ended: children that
// run side by side, but print one after the other.
static inline pid_t fork_aside(int *file) {
    *file = (int)MUST(memfd_create("output", MFD_CLOEXEC));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        MUST(dup2(*file, STDOUT_FILENO));
    return child;
}

static inline void print_aside(int file) {
    char text[4096];
    ssize_t length = MUST(pread(file, text, sizeof text, 0));
    MUST(write(STDOUT_FILENO, text, (size_t)length));
}
