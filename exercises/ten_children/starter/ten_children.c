// siglab: not started — delete this line when you begin
/*
 * ten_children: a parent of ten children that reaps them all, and never waits for ever.
 *
 * The exercise. Change what the parent does after it has started the children:
 *   1. it reaps each child at once when that has ended, also if several end together;
 *   2. it exits as soon as all ten are reaped; its status is the number of children that
 *      failed: exited with another status than 0, or were killed;
 *   3. 7 seconds after the start it kills those that are left with SIGKILL, reaps them,
 *      and exits; they have failed, too.
 * Leave child() as it is.
 *
 * Manual pages: waitpid(2), sigprocmask(2), sigtimedwait(2), signal(7).
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

int main(void)
{
    pid_t pids[CHILDREN];

    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        check(pids[i], "fork");
        if (pids[i] == 0)
            _exit(child(i + 1));
    }

    /* The parent leaves without waiting for anybody. Your work begins here. */
    printf("parent: started %d children, the first is %d\n", CHILDREN, (int)pids[0]);
    return EXIT_SUCCESS;
}
