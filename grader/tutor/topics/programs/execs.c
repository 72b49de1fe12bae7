/* What is left of dispositions and of the mask when a program is replaced. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void on_usr1(int number)
{
    (void)number;
}

static void say(const char *name, int number)
{
    struct sigaction now;
    sigaction(number, NULL, &now);
    int is_ignored = now.sa_handler == SIG_IGN, is_default = now.sa_handler == SIG_DFL;
    dprintf(STDOUT_FILENO, "%s: %s\n", name, is_ignored ? "ignored" : is_default ? "default" : "caught");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        say("SIGUSR1", SIGUSR1);
        say("SIGUSR2", SIGUSR2);
        return 0;
    }
    struct sigaction action = { .sa_handler = on_usr1 };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGUSR2, SIG_IGN);
    say("SIGUSR1", SIGUSR1);
    say("SIGUSR2", SIGUSR2);
    execl("/proc/self/exe", argv[0], "again", NULL);
    return 1;
}
