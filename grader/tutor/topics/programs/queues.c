/* Three real-time signals with a value each, while they are blocked. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    char line[] = "the handler gets 0\n";
    line[17] = (char)('0' + info->si_value.sival_int);
    write(STDOUT_FILENO, line, sizeof line - 1);
}

int main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : SIGRTMIN;
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 1; i <= 3; i++)
        sigqueue(getpid(), number, (union sigval){ .sival_int = i });
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 0;
}
