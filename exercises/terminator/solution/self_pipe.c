/*
 * terminator, solved with a self-pipe: handlers that write to a pipe.
 *
 * The oldest way to make signals an input of a loop around poll(); it works on every
 * Unix. A handler notes when it ran, so no timer is needed: whether two SIGINTs are
 * within one second can be told when the second one is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000LL

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

/* Has the child ended? If so, reaps it and stores how it ended. */
static bool has_ended(pid_t child_pid, int *status)
{
    pid_t reaped = waitpid(child_pid, status, WNOHANG);

    check(reaped, "waitpid");
    return reaped == child_pid;
}

/* What a handler tells the loop. Writes of this size are never torn. */
struct event {
    struct timespec when;
    int signal_number;
};

static int read_end = -1, write_end = -1;

/* The parent's handler. clock_gettime() and write() are async-signal-safe. */
static void tell_the_loop(int signal_number)
{
    int saved_errno = errno;
    struct event event = { .signal_number = signal_number };

    clock_gettime(CLOCK_MONOTONIC, &event.when);
    if (write(write_end, &event, sizeof event) == -1) {
        /* The pipe is full of signals: one more would change nothing. */
    }
    errno = saved_errno;
}

static void install(int signal_number)
{
    struct sigaction action = { .sa_handler = tell_the_loop, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    check(sigaction(signal_number, &action, NULL), "sigaction");
}

/* Waits for the next event. */
static struct event next_event(void)
{
    struct pollfd input = { .fd = read_end, .events = POLLIN };
    struct event event;

    for (;;) {
        ssize_t size = read(read_end, &event, sizeof event);
        if (size == (ssize_t)sizeof event)
            return event;
        if (size != -1 || errno != EAGAIN)
            check((int)size, "read");
        /* A handler always interrupts poll(), SA_RESTART or not. */
        if (poll(&input, 1, -1) == -1 && errno != EINTR)
            check(-1, "poll");
    }
}

static long long nanoseconds(struct timespec time)
{
    return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static int parent(pid_t child_pid)
{
    int ends[2], status;
    bool window_is_open = false;
    long long window_end = 0;

    check(pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
    read_end = ends[0];
    write_end = ends[1];
    install(SIGINT);
    install(SIGCHLD);
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    /* The child may have ended before there was a handler: ask first. */
    while (!has_ended(child_pid, &status)) {
        struct event event = next_event();
        long long now = nanoseconds(event.when);

        if (event.signal_number != SIGINT)
            continue;
        if (window_is_open && now < window_end) {
            check(kill(child_pid, SIGKILL), "kill");
            printf("parent: a second SIGINT\n");
            check(waitpid(child_pid, &status, 0), "waitpid"); /* SA_RESTART */
            break;
        }
        window_is_open = true;
        window_end = now + NS_PER_SECOND;
        check(kill(child_pid, SIGINT), "kill");
        printf("parent: SIGINT; a second one within 1 second terminates\n");
    }

    /* The handlers stay: a late Ctrl+C writes to the pipe, and that is all. */
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
