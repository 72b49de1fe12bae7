/*
 * job_control, solved without a handler.
 *
 * The shell ignores the signals of the keyboard, and asks waitpid() with WNOHANG what has
 * become of its jobs: before each line, and nowhere else. Nobody else reaps, so the wait for a
 * job in the foreground can't miss anything.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_JOBS 32
#define MAX_WORDS 32

enum state { ENDED, RUNNING, STOPPED };

struct job {
    pid_t pid; /* of its process, and of its process group */
    enum state state;
};

static struct job jobs[MAX_JOBS + 1]; /* by number, from 1 */
static int job_count;

/* The signals that the keyboard and the terminal send. The shell must not care about them. */
static const int terminal_signals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
static const size_t terminal_signal_count = sizeof terminal_signals / sizeof *terminal_signals;

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Sets what happens at the signals of the terminal: SIG_IGN in the shell, SIG_DFL in jobs. */
static void set_terminal_signals(void (*disposition)(int))
{
    for (size_t i = 0; i < terminal_signal_count; i++)
        if (signal(terminal_signals[i], disposition) == SIG_ERR)
            check(-1, "signal");
}

/* Notes what waitpid() has said of a job. */
static void note(struct job *job, int status)
{
    if (WIFSTOPPED(status))
        job->state = STOPPED;
    else if (WIFCONTINUED(status))
        job->state = RUNNING;
    else
        job->state = ENDED;
}

/* What the shell does before it reads the first line. */
static void set_up(void)
{
    set_terminal_signals(SIG_IGN);
}

/* Asks what has become of each job, and waits for nothing. */
static void look_at_jobs(void)
{
    int status;

    for (int i = 1; i <= job_count; i++)
        while (jobs[i].state != ENDED
               && waitpid(jobs[i].pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == jobs[i].pid)
            note(&jobs[i], status);
}

/* Waits until the job, which has the terminal, ends or stops, and takes the terminal back. */
static void wait_in_foreground(struct job *job)
{
    int status;

    check(waitpid(job->pid, &status, WUNTRACED), "waitpid");
    note(job, status);
    check(tcsetpgrp(STDIN_FILENO, getpgrp()), "tcsetpgrp");
}

/* Starts a job. WORDS ends with a null pointer. */
static void start_job(char **words, int in_background)
{
    if (job_count == MAX_JOBS) {
        fprintf(stderr, "too many jobs\n");
        return;
    }
    pid_t pid = fork();
    check(pid, "fork");
    if (pid == 0) {
        /* Here and in the parent: who comes first isn't known, and both depend on it. */
        check(setpgid(0, 0), "setpgid");
        if (!in_background)
            check(tcsetpgrp(STDIN_FILENO, getpgrp()), "tcsetpgrp");
        set_terminal_signals(SIG_DFL); /* only now: tcsetpgrp() would have stopped us */
        execvp(words[0], words);
        perror(words[0]);
        _exit(127);
    }
    if (setpgid(pid, pid) == -1 && errno != EACCES) /* EACCES: it did so itself, and exec */
        check(-1, "setpgid");

    struct job *job = &jobs[++job_count];
    job->pid = pid;
    job->state = RUNNING;
    if (!in_background) {
        check(tcsetpgrp(STDIN_FILENO, pid), "tcsetpgrp");
        wait_in_foreground(job);
    }
}

/* The job with the number that WORD is, if it hasn't ended. */
static struct job *find_job(const char *word)
{
    int number = word == NULL ? 0 : atoi(word);

    if (number < 1 || number > job_count || jobs[number].state == ENDED) {
        fprintf(stderr, "no such job\n");
        return NULL;
    }
    return &jobs[number];
}

static void list_jobs(void)
{
    for (int i = 1; i <= job_count; i++)
        if (jobs[i].state != ENDED)
            printf("[%d] %s\n", i, jobs[i].state == STOPPED ? "stopped" : "running");
}

static void continue_in_foreground(struct job *job)
{
    /* The terminal first: a job that reads it would stop again at once. */
    check(tcsetpgrp(STDIN_FILENO, job->pid), "tcsetpgrp");
    check(kill(-job->pid, SIGCONT), "kill");
    job->state = RUNNING;
    wait_in_foreground(job);
}

static void continue_in_background(struct job *job)
{
    check(kill(-job->pid, SIGCONT), "kill");
    job->state = RUNNING;
}

/* Ends the jobs that are left. */
static void hang_up(void)
{
    for (int i = 1; i <= job_count; i++) {
        if (jobs[i].state == ENDED)
            continue;
        kill(-jobs[i].pid, SIGHUP);
        kill(-jobs[i].pid, SIGCONT); /* a stopped process dies when it goes on */
        waitpid(jobs[i].pid, NULL, 0);
    }
}

/* Splits LINE into WORDS, followed by a null pointer, and returns how many there are. */
static int split(char *line, char *words[MAX_WORDS + 1])
{
    int count = 0;

    for (char *word = strtok(line, " \t\n"); word != NULL; word = strtok(NULL, " \t\n"))
        if (count < MAX_WORDS)
            words[count++] = word;
    words[count] = NULL;
    return count;
}

/* Does what the line says that consists of these words. */
static void carry_out(char **words, int count)
{
    int in_background = strcmp(words[count - 1], "&") == 0;
    struct job *job;

    if (strcmp(words[0], "jobs") == 0) {
        list_jobs();
    } else if (strcmp(words[0], "fg") == 0) {
        if ((job = find_job(words[1])) != NULL)
            continue_in_foreground(job);
    } else if (strcmp(words[0], "bg") == 0) {
        if ((job = find_job(words[1])) != NULL)
            continue_in_background(job);
    } else {
        if (in_background)
            words[count - 1] = NULL;
        if (words[0] != NULL)
            start_job(words, in_background);
    }
}

int main(void)
{
    char line[1024], *words[MAX_WORDS + 1];

    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");
    set_up();

    while (fgets(line, sizeof line, stdin) != NULL) {
        int count = split(line, words);

        look_at_jobs();
        if (count > 0 && strcmp(words[0], "exit") == 0)
            break;
        if (count > 0)
            carry_out(words, count);
    }
    look_at_jobs();
    hang_up();
    return 0;
}
