/*
 * A family that never ends by itself: processes and threads in every state in which a
 * tracer's death could find them.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void nothing(int signal_number)
{
    (void)signal_number;
}

static void *sleeps(void *unused)
{
    for (;;)
        usleep(1000);
    return unused;
}

static void become(int which)
{
    pthread_t thread;
    sigset_t all;

    switch (which) {
    case 0: /* threads that sleep, with handlers that interrupt them */
        signal(SIGALRM, nothing);
        struct itimerval often = { { 0, 3000 }, { 0, 3000 } };
        setitimer(ITIMER_REAL, &often, NULL);
        for (int i = 0; i < 2; i++)
            pthread_create(&thread, NULL, sleeps, NULL);
        sleeps(NULL);
        break;
    case 1: /* stopped */
        raise(SIGSTOP);
        break;
    case 2: /* no signal but SIGKILL gets through, in a session of its own */
        setsid();
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        for (;;)
            sleep(3600);
        break;
    case 3: /* children that come and go, and one that stays a zombie */
        if (fork() == 0)
            _exit(0);
        for (;;) {
            pid_t pid = fork();
            if (pid == 0) {
                usleep(500);
                _exit(0);
            }
            waitpid(pid, NULL, 0);
        }
        break;
    case 4: /* a parent that waits for its vfork child, which sleeps */
        if (vfork() == 0) {
            usleep(1000000);
            _exit(0);
        }
        break;
    case 5: /* computes */
        for (volatile unsigned long number = 0;; number++)
            ;
    }
    for (;;)
        pause();
}

int main(void)
{
    for (int which = 0; which < 6; which++) {
        if (fork() == 0)
            become(which);
    }
    for (;;)
        usleep(2000);
}
