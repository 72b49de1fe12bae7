/*
 * ten_children, solved with a wait() that blocks: nobody has to hear of SIGCHLD.
 *
 * What wait() can't do is give up. So when the time is up, the handler of SIGALRM kills
 * who is left, and wait() returns for them like for the others.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 10
#define DEADLINE 7 /* seconds after the start */

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* What child NUMBER does: it sleeps for half a second times its number. Two of them fail. */
static int child(int number)
{
    struct timespec time = { .tv_sec = number / 2, .tv_nsec = number % 2 * 500000000L };

    while (nanosleep(&time, &time) == -1 && errno == EINTR)
        continue;
    return number == 4 ? 1 : number == 8 ? 3 : 0;
}

static volatile pid_t pids[CHILDREN]; /* 0: none any more */

static void on_sigalrm(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    for (int i = 0; i < CHILDREN; i++)
        if (pids[i] != 0)
            kill(pids[i], SIGKILL);
    errno = saved_errno;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_sigalrm, .sa_flags = SA_RESTART };
    int failed = 0;

    sigemptyset(&action.sa_mask);
    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    alarm(DEADLINE);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        check(pid, "fork");
        if (pid == 0)
            _exit(child(i + 1));
        pids[i] = pid;
    }

    for (int left = CHILDREN; left > 0; left--) {
        int status;
        pid_t ended = wait(&status); /* SA_RESTART: no EINTR */

        check(ended, "wait");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            failed++;
        for (int i = 0; i < CHILDREN; i++)
            if (pids[i] == ended)
                pids[i] = 0;
    }
    return failed;
}
