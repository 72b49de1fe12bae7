/*
 * more_info: who sent that signal, and how many of them arrived?
 *
 * Five children each send MY_SIGNAL to their parent. The parent's handler is
 * installed with SA_SIGINFO, so it is told who sent the signal. For five seconds
 * the parent blocks MY_SIGNAL:
 *   - SIGUSR1 is a standard signal. While one is pending, the next ones merge
 *     with it: the handler runs fewer than five times, perhaps only once.
 *   - SIGRTMIN+1 is a real-time signal. Every instance is queued: the handler
 *     runs five times, in the order in which the signals were sent.
 * How many came before the parent blocked the signal, nobody can say: that
 * depends on who ran when.
 *
 * Manual pages: sigaction(2), sigprocmask(2), signal(7).
 *
 * This file is built twice, once as it is and once with the option in this line:
 * siglab-build: more_info_rt -DMY_SIGNAL=(SIGRTMIN+1)
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MY_SIGNAL
#define MY_SIGNAL SIGUSR1
#endif

enum { CHILDREN = 5 };

/* Ends the program with a message when a call has failed. */
static void check(int result, const char *call)
{
    if (result == -1) {
        perror(call);
        exit(EXIT_FAILURE);
    }
}

/* Copies TEXT to TO and returns where the copy ends. */
static char *put_text(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

/* Writes NUMBER (0 or more) in decimal to TO and returns where it ends. */
static char *put_number(char *to, int number)
{
    char digits[12];
    int count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/*
 * With SA_SIGINFO the kernel also passes a siginfo_t. For a signal sent by kill()
 * si_pid holds the sender. printf() is not async-signal-safe, so we put the line
 * together ourselves and hand it to write().
 */
static void on_my_signal(int signal_number, siginfo_t *info, void *context)
{
    char line[80];
    char *end = line;
    int saved_errno = errno;

    (void)context;
    end = put_text(end, "handler: signal ");
    end = put_number(end, signal_number);
    end = put_text(end, " from pid ");
    end = put_number(end, (int)info->si_pid);
    end = put_text(end, "\n");
    if (write(STDOUT_FILENO, line, (size_t)(end - line)) == -1) {
        /* There is nobody to tell, and no safe way to do it. */
    }
    errno = saved_errno;
}

int main(void)
{
    /* Complete lines go out at once, so that no child inherits half of one. */
    check(setvbuf(stdout, NULL, _IOLBF, 0) == 0 ? 0 : -1, "setvbuf");

    pid_t parent_pid = getpid();
    printf("parent: my pid is %d\n", (int)parent_pid);

    struct sigaction action = { .sa_sigaction = on_my_signal, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    check(sigaction(MY_SIGNAL, &action, NULL), "sigaction");

    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        check(pid, "fork");
        if (pid == 0) {
            check(kill(parent_pid, MY_SIGNAL), "kill");
            return EXIT_SUCCESS;
        }
    }

    sigset_t only_mine;
    sigemptyset(&only_mine);
    check(sigaddset(&only_mine, MY_SIGNAL), "sigaddset");
    check(sigprocmask(SIG_BLOCK, &only_mine, NULL), "sigprocmask");
    printf("parent: signal %d is blocked for 5 seconds\n", MY_SIGNAL);
    sleep(5);

    printf("parent: now I unblock it\n");
    check(sigprocmask(SIG_UNBLOCK, &only_mine, NULL), "sigprocmask");

    for (int waited = 0; waited < CHILDREN;) {
        if (wait(NULL) != -1)
            waited++;
        else if (errno != EINTR) /* a late handler may interrupt the wait */
            check(-1, "wait");
    }
    printf("parent: all %d children have ended\n", CHILDREN);
    return EXIT_SUCCESS;
}
