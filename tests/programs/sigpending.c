// siglab-test: outcomes = one
// sigpending(2): the thread's and the process's pending signals; ignoring one throws it
// away.
#include "observe.h"

static void pending(const char *when) {
    sigset_t set;
    MUST(sigpending(&set));
    say("%s: SIGINT %s, SIGUSR1 %s, SIGRTMIN %s\n", when, yes(sigismember(&set, SIGINT)),
        yes(sigismember(&set, SIGUSR1)), yes(sigismember(&set, SIGRTMIN)));
}

static void *run(void *unused) {
    (void)unused;
    pending("other thread");
    return NULL;
}

int main(void) {
    sigset_t set = set_of(SIGINT, SIGUSR1, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pending("nothing");
    raise(SIGUSR1);
    kill(getpid(), SIGINT);
    kill(getpid(), SIGRTMIN);
    pending("all");
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    signal(SIGINT, SIG_IGN);
    pending("SIGINT ignored");
    signal(SIGINT, SIG_DFL);
    pending("SIGINT as by default");
    sigset_t one = set_of(SIGUSR1, 0, 0);
    int number;
    sigwait(&one, &number);
    pending("SIGUSR1 taken");
    signal(SIGRTMIN, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    pending("end");
}
