// siglab-wrong: fails = waits-without-spinning
// siglab-wrong: because = The parent spins on a flag until a handler sets it, and keeps a processor busy.

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

/* How many SIGINTs have been delivered, and whether any signal has. */
static volatile sig_atomic_t sigints, woken;

static void wake_up(int signal_number)
{
    if (signal_number == SIGINT)
        sigints++;
    woken = 1;
}

static int parent(pid_t child_pid)
{
    struct sigaction action = { .sa_handler = wake_up, .sa_flags = SA_RESTART };
    long long window_end = NO_WINDOW;
    int handled = 0, status;

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL), "sigaction");
    check(sigaction(SIGCHLD, &action, NULL), "sigaction");
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    for (;;) {
        woken = 0;
        if (has_ended(child_pid, &status))
            break;
        if (sigints > handled) {
            long long now = now_ns();

            handled++;
            if (window_end != NO_WINDOW && now < window_end) {
                check(kill(child_pid, SIGKILL), "kill");
                printf("parent: a second SIGINT\n");
                check(waitpid(child_pid, &status, 0), "waitpid");
                break;
            }
            window_end = now + NS_PER_SECOND;
            check(kill(child_pid, SIGINT), "kill");
            printf("parent: SIGINT; a second one within 1 second terminates\n");
            continue;
        }
        while (!woken) {
        }
    }

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
