// siglab: not started — delete this line when you begin
/*
 * job_control: a tiny shell.
 *
 * It reads lines from its terminal. `jobs`, `fg N`, `bg N` and `exit` are its own commands; any
 * other line is a program with its arguments, and becomes a job, in the background if the last
 * word is `&`.
 *
 * The exercise. As it is handed out, jobs have no process groups, so Ctrl+C kills the shell as
 * well, and a job that is stopped is never heard of again. README.md has the rules of job
 * control. The functions with "Yours" are where they belong; change others as you need it.
 *
 * Manual pages: setpgid(2), tcsetpgrp(3), waitpid(2), kill(2), signal(7), credentials(7).
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

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* What the shell does before it reads the first line. */
static void set_up(void)
{
    /* Yours. */
}

/* Called before each line is carried out, and before the shell leaves. */
static void look_at_jobs(void)
{
    /* Yours: which jobs have ended, which are stopped? */
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
        execvp(words[0], words);
        perror(words[0]);
        _exit(127);
    }

    struct job *job = &jobs[++job_count];
    job->pid = pid;
    job->state = RUNNING;

    /* Yours: no groups yet, and nobody takes care of the terminal. */
    if (!in_background) {
        check(waitpid(pid, NULL, 0), "waitpid");
        job->state = ENDED;
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

/* Carries out `fg N`. */
static void continue_in_foreground(struct job *job)
{
    (void)job; /* Yours. */
}

/* Carries out `bg N`. */
static void continue_in_background(struct job *job)
{
    (void)job; /* Yours. */
}

/* Ends the jobs that are left, before the shell leaves. */
static void hang_up(void)
{
    /* Yours. */
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
