// siglab-wrong: fails = survives-any-moment
// siglab-wrong: because = As check_then_pause, and stopping the child does not wake the parent: it is SIGALRM that sends it through its loop.

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
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

/* What has been delivered. SIGCHLD needs no flag: it only has to wake us up. */
static volatile sig_atomic_t got_sigint, got_sigalrm;

/* The parent's handler. */
static void take_note(int signal_number)
{
    if (signal_number == SIGINT)
        got_sigint = 1;
    else if (signal_number == SIGALRM)
        got_sigalrm = 1;
}

static int parent(pid_t child_pid)
{
    static const int watched[] = { SIGINT, SIGCHLD, SIGALRM };
    struct sigaction action = { .sa_handler = take_note, .sa_flags = SA_NOCLDSTOP };
    bool window_is_open = false;
    int status;

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        check(sigaction(watched[i], &action, NULL), "sigaction");
    printf("parent: my pid is %d, the child's is %d\n", (int)getpid(), (int)child_pid);

    while (!has_ended(child_pid, &status)) {
        if (!got_sigint && !got_sigalrm)
            pause();

        if (got_sigint && window_is_open) {
            check(kill(child_pid, SIGKILL), "kill");
            printf("parent: a second SIGINT\n");
            check(waitpid(child_pid, &status, 0), "waitpid");
            break;
        } else if (got_sigint) {
            alarm(1); /* set once: being woken up does not change it */
            window_is_open = true;
            check(kill(child_pid, SIGINT), "kill");
            printf("parent: SIGINT; a second one within 1 second terminates\n");
        } else if (got_sigalrm) {
            window_is_open = false;
            printf("parent: no second SIGINT, carrying on\n");
        }
        got_sigint = got_sigalrm = 0;
    }

    alarm(0);
    ignore_sigint();
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
