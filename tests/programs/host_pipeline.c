/*
 * A line of processes that pass numbers on through pipes, with timers that interrupt
 * them, and a parent that counts their ends in a SIGCHLD handler.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LENGTH = 4, NUMBERS = 20 };

static volatile sig_atomic_t ended;

static void on_child(int signal_number)
{
    int saved_errno = errno;
    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ended++;
    errno = saved_errno;
}

static void nothing(int signal_number)
{
    (void)signal_number;
}

static void stage(int from, int to)
{
    struct itimerval often = { { 0, 700 }, { 0, 700 } };
    int number;

    signal(SIGALRM, nothing);
    setitimer(ITIMER_REAL, &often, NULL);
    for (;;) {
        struct pollfd ready = { from, POLLIN, 0 };
        if (poll(&ready, 1, 10) <= 0)
            continue;
        if (read(from, &number, sizeof number) != sizeof number)
            exit(0);
        number++;
        usleep(300);
        if (write(to, &number, sizeof number) != sizeof number)
            exit(1);
    }
}

int main(void)
{
    int first[2], from[2], to[2];

    signal(SIGCHLD, on_child);
    if (pipe(first) == -1)
        return 1;
    from[0] = first[0];
    from[1] = first[1];
    for (int i = 0; i < LENGTH; i++) {
        if (pipe(to) == -1)
            return 1;
        if (fork() == 0) {
            signal(SIGCHLD, SIG_DFL);
            close(first[1]);
            close(to[0]);
            stage(from[0], to[1]);
        }
        close(from[0]);
        close(to[1]);
        from[0] = to[0];
    }
    for (int number = 0; number < NUMBERS; number++)
        if (write(first[1], &number, sizeof number) == -1)
            return 1;
    close(first[1]);
    for (int number, i = 0; i < NUMBERS;) {
        ssize_t length = read(from[0], &number, sizeof number);
        if (length == -1 && errno == EINTR)
            continue;
        if (length <= 0)
            break;
        printf("%d\n", number);
        i++;
    }
    while (ended < LENGTH)
        usleep(1000);
    puts("all ended");
    return 0;
}
