// siglab-wrong: fails = stop-in-window
// siglab-wrong: because = Each wait in a window lasts a whole second again, so a SIGCHLD makes the window longer.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

/*
 * Takes a pending signal of SET, waiting for one if need be. Returns 0 when
 * DEADLINE comes first.
 */
static int next_signal(const sigset_t *set, long long deadline)
{
    for (;;) {
        int signal_number;

        if (deadline == NO_WINDOW) {
            signal_number = sigwaitinfo(set, NULL);
        } else {
            struct timespec timeout = { .tv_sec = 1, .tv_nsec = 0 };
            signal_number = sigtimedwait(set, NULL, &timeout);
        }
        if (signal_number > 0)
            return signal_number;
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR) /* EINTR: we were stopped and continued, say */
            check(signal_number, "sigtimedwait");
    }
}

static int parent(pid_t child_pid)
{
    sigset_t watched, old_mask;
    long long window_end = NO_WINDOW;
    int status;

    sigemptyset(&watched);
    check(sigaddset(&watched, SIGINT), "sigaddset");
    check(sigaddset(&watched, SIGCHLD), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &watched, &old_mask), "sigprocmask");
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    /*
     * Ask before each wait. A SIGCHLD from before we blocked it was lost, several
     * merge into one, and it also comes when the child is stopped or continued:
     * it only means that it is time to ask.
     */
    while (!has_ended(child_pid, &status)) {
        int signal_number = next_signal(&watched, window_end);

        if (signal_number == SIGINT && window_end == NO_WINDOW) {
            window_end = now_ns() + NS_PER_SECOND;
            check(kill(child_pid, SIGINT), "kill");
            printf("parent: SIGINT; a second one within 1 second terminates\n");
        } else if (signal_number == SIGINT) {
            check(kill(child_pid, SIGKILL), "kill");
            printf("parent: a second SIGINT\n");
            check(waitpid(child_pid, &status, 0), "waitpid");
            break;
        } else if (signal_number == 0) {
            window_end = NO_WINDOW;
            printf("parent: no second SIGINT, carrying on\n");
        }
    }

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
