// Counts the keys of a terminal whose lines it never reads, and ends after 20.
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t keys;

static void count(int number) {
    (void)number;
    keys++;
}

int main(void) {
    struct sigaction action = {0};
    action.sa_handler = count;
    sigaction(SIGINT, &action, NULL);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    while (keys < 20)
        sigsuspend(&before);
    return 0;
}
