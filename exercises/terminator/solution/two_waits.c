/*
 * terminator, solved with the two waits that the program had when it was handed out.
 *
 * The first wait is for anything, the second one, a second long, for what comes in the
 * window. SA_NOCLDSTOP keeps SIGCHLD away when the child is stopped or continued, so
 * in both waits it means that the child has ended.
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
    struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP };
    sigset_t watched;
    int status;

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGCHLD, &action, NULL), "sigaction");
    sigemptyset(&watched);
    check(sigaddset(&watched, SIGINT), "sigaddset");
    check(sigaddset(&watched, SIGCHLD), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &watched, NULL), "sigprocmask");

    /* Ask before the first wait: a SIGCHLD from before we blocked it was lost. */
    while (waitpid(child_pid, &status, WNOHANG) != child_pid) {
        int signal_number = sigwaitinfo(&watched, NULL);

        if (signal_number != SIGINT)
            continue;
        check(kill(child_pid, SIGINT), "kill");
        signal_number = sigtimedwait(&watched, NULL, &one_second);
        if (signal_number == SIGINT) {
            check(kill(child_pid, SIGKILL), "kill");
            check(waitpid(child_pid, &status, 0), "waitpid");
            break;
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
