/*
 * terminator: a parent that watches over its child and over Ctrl+C.
 *
 * The child counts to five. It is in a process group of its own, so a Ctrl+C at
 * the terminal reaches the parent only. The parent leaves its loop at a double
 * SIGINT: two of them within one second.
 *
 * The exercise. Change parent() so that
 *   1. the first SIGINT is passed on: the parent sends SIGINT to the child;
 *   2. a second SIGINT within one second sends SIGKILL to the child;
 *   3. the parent leaves the loop at once, too, when the child ends by itself
 *      (the kernel tells it with SIGCHLD).
 * Add includes, global variables, functions and handlers as you need them. Do
 * not change child().
 *
 * Manual pages: sigwaitinfo(2), sigprocmask(2), kill(2), waitpid(2), signal(7).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static int parent(pid_t child_pid)
{
    const struct timespec one_second = { .tv_sec = 1, .tv_nsec = 0 };
    sigset_t waited_for;

    /* What sigwaitinfo() is to take must be blocked, or it is delivered. */
    sigemptyset(&waited_for);
    check(sigaddset(&waited_for, SIGINT), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &waited_for, NULL), "sigprocmask");
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    for (;;) {
        int signal_number = sigwaitinfo(&waited_for, NULL);
        if (signal_number == -1 && errno == EINTR)
            continue; /* we were stopped and continued, say */
        check(signal_number, "sigwaitinfo");
        printf("parent: SIGINT; a second one within 1 second terminates\n");

        signal_number = sigtimedwait(&waited_for, NULL, &one_second);
        if (signal_number == SIGINT) {
            printf("parent: a second SIGINT\n");
            break;
        }
        if (errno != EAGAIN && errno != EINTR) /* EAGAIN: the time is up */
            check(signal_number, "sigtimedwait");
        printf("parent: no second SIGINT, carrying on\n");
    }

    check(sigprocmask(SIG_UNBLOCK, &waited_for, NULL), "sigprocmask");

    int status;
    check(waitpid(child_pid, &status, 0), "waitpid");
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
