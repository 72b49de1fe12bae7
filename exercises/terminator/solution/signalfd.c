/*
 * terminator, solved with signalfd() and poll().
 *
 * The blocked signals are read from a file descriptor. This is the way to go when a
 * program already has a loop around poll(): signals become one more input.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000LL
#define NO_WINDOW (-1LL) /* the value of window_end while no window is open */

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Says how the child ended. STATUS comes from waitpid(). */
static void report_end(int status)
{
    if (WIFEXITED(status))
        printf("parent: the child exited with status %d\n", WEXITSTATUS(status));
    else
        printf("parent: the child was killed by signal %d\n", WTERMSIG(status));
}

/* The child's handler: async-signal-safe functions only. */
static void on_sigint(int signal_number)
{
    static const char line[] = "child: caught SIGINT, carrying on\n";
    int saved_errno = errno;

    (void)signal_number;
    if (write(STDOUT_FILENO, line, sizeof line - 1) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

/* Do not change this function. */
static int child(void)
{
    struct sigaction action = { .sa_handler = on_sigint, .sa_flags = 0 };
    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL), "sigaction");

    printf("child: my pid is %d\n", (int)getpid());
    for (int second = 1; second <= 5; second++) {
        printf("child: %d of 5\n", second);
        sleep(1); /* a handled signal cuts it short */
    }
    printf("child: done\n");
    return 0;
}

/* The time in nanoseconds, on a clock that nobody can set. */
static long long now_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Has the child ended? If so, reaps it and stores how it ended. */
static bool has_ended(pid_t child_pid, int *status)
{
    pid_t reaped = waitpid(child_pid, status, WNOHANG);

    check(reaped, "waitpid");
    return reaped == child_pid;
}

/* The work is done: a late Ctrl+C must not turn success into a death by signal. */
static void ignore_sigint(void)
{
    struct sigaction action = { .sa_handler = SIG_IGN, .sa_flags = 0 };

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL), "sigaction");
}

/* poll()'s time-out for a wait until DEADLINE: milliseconds, rounded up. */
static int milliseconds_until(long long deadline)
{
    long long left;

    if (deadline == NO_WINDOW)
        return -1;
    left = deadline - now_ns();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

/*
 * Reads the next signal from SIGNAL_FD. Returns 0 when there is none after all:
 * DEADLINE has come, or poll() was interrupted.
 */
static int read_signal(int signal_fd, long long deadline)
{
    struct pollfd input = { .fd = signal_fd, .events = POLLIN };
    struct signalfd_siginfo info;
    ssize_t size;

    if (poll(&input, 1, milliseconds_until(deadline)) == -1 && errno != EINTR)
        check(-1, "poll");
    size = read(signal_fd, &info, sizeof info);
    if (size == -1 && errno == EAGAIN)
        return 0;
    check((int)size, "read");
    return (int)info.ssi_signo;
}

static int parent(pid_t child_pid)
{
    sigset_t watched, old_mask;
    long long window_end = NO_WINDOW;
    int signal_fd, status;

    sigemptyset(&watched);
    check(sigaddset(&watched, SIGINT), "sigaddset");
    check(sigaddset(&watched, SIGCHLD), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &watched, &old_mask), "sigprocmask");
    signal_fd = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
    check(signal_fd, "signalfd");
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    /* SIGCHLD needs no code of its own: whatever wakes us up, we ask. */
    while (!has_ended(child_pid, &status)) {
        int signal_number = read_signal(signal_fd, window_end);
        long long now = now_ns();

        if (window_end != NO_WINDOW && now >= window_end) {
            window_end = NO_WINDOW;
            printf("parent: no second SIGINT, carrying on\n");
        }
        if (signal_number != SIGINT)
            continue;
        if (window_end != NO_WINDOW) {
            check(kill(child_pid, SIGKILL), "kill");
            printf("parent: a second SIGINT\n");
            check(waitpid(child_pid, &status, 0), "waitpid");
            break;
        }
        window_end = now + NS_PER_SECOND;
        check(kill(child_pid, SIGINT), "kill");
        printf("parent: SIGINT; a second one within 1 second terminates\n");
    }

    check(close(signal_fd), "close");
    ignore_sigint();
    check(sigprocmask(SIG_SETMASK, &old_mask, NULL), "sigprocmask");
    report_end(status);
    return 0;
}

int main(void)
{
    /* Complete lines go out at once, so that the child does not inherit any. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    pid_t pid = fork();
    check(pid, "fork");
    if (pid == 0) {
        /* Out of the terminal's foreground group, out of reach of Ctrl+C. */
        check(setpgid(0, 0), "setpgid");
        return child();
    }
    return parent(pid);
}
