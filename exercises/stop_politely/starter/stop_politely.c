// siglab: not started — delete this line when you begin
/*
 * stop_politely: a supervisor that stops its job politely.
 *
 * The job is a process with a process group of its own, and some jobs have a helper, a
 * process that is in the same group. What kind of job it is, the first argument says:
 *
 *   polite    on SIGTERM it cleans up for 0.5 s and exits with status 3
 *   slow      the same, but it takes 1.9 s
 *   stubborn  ignores SIGTERM, and so does its helper
 *   family    the job is polite, its helper ignores SIGTERM
 *   team      the job ignores SIGTERM and ends when its helper, which is polite, has ended
 *   quick     after 1 s it exits with status 7
 *
 * The exercise: write supervise(). What it has to do is in README.md. Add includes, global
 * variables, functions and handlers as you need them. Do not change job(), nor what it
 * calls.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Ignores SIGTERM and never ends. */
static int be_stubborn(void)
{
    check(signal(SIGTERM, SIG_IGN) == SIG_ERR ? -1 : 0, "signal");
    while (pause() == -1 && errno == EINTR) {
        /* it was interrupted; it is too stubborn to go */
    }
    return EXIT_FAILURE;
}

/* Waits for SIGTERM, cleans up for so many milliseconds and exits with status 3. */
static int be_polite(long milliseconds)
{
    struct timespec left = {
        .tv_sec = milliseconds / 1000,
        .tv_nsec = milliseconds % 1000 * 1000000,
    };
    sigset_t waited_for;

    sigemptyset(&waited_for);
    check(sigaddset(&waited_for, SIGTERM), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &waited_for, NULL), "sigprocmask");
    while (sigwaitinfo(&waited_for, NULL) == -1)
        check(errno == EINTR ? 0 : -1, "sigwaitinfo"); /* it was stopped and continued */
    printf("cleaning up\n");
    while (nanosleep(&left, &left) == -1)
        check(errno == EINTR ? 0 : -1, "nanosleep");
    printf("done\n");
    return 3;
}

/* Ends when the helper has ended, with its exit status. */
static int wait_for_helper(pid_t helper)
{
    int status;

    check(signal(SIGTERM, SIG_IGN) == SIG_ERR ? -1 : 0, "signal");
    check(waitpid(helper, &status, 0), "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* What the job does. Do not change this function. */
static int job(const char *kind)
{
    int is_family = strcmp(kind, "family") == 0;
    int is_team = strcmp(kind, "team") == 0;
    int is_stubborn = strcmp(kind, "stubborn") == 0;

    if (strcmp(kind, "quick") == 0) {
        sleep(1);
        return 7;
    }
    if (is_family || is_team || is_stubborn) {
        pid_t helper = fork();
        check(helper, "fork");
        if (helper == 0)
            return is_team ? be_polite(500) : be_stubborn();
        if (is_team)
            return wait_for_helper(helper);
    }
    if (is_stubborn)
        return be_stubborn();
    return be_polite(strcmp(kind, "slow") == 0 ? 1900 : 500);
}

/* Returns what the program exits with. JOB_PID is also the job's process group. */
static int supervise(pid_t job_pid)
{
    int status;

    check(waitpid(job_pid, &status, 0), "waitpid");
    return 0;
}

int main(int argc, char **argv)
{
    /* Complete lines go out at once, so that no process inherits any. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    pid_t pid = fork();
    check(pid, "fork");
    if (pid == 0) {
        check(setpgid(0, 0), "setpgid");
        return job(argc > 1 ? argv[1] : "polite");
    }
    /* Both do it, for nobody knows who comes first. */
    check(setpgid(pid, pid), "setpgid");
    return supervise(pid);
}
