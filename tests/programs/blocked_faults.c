// siglab-test: outcomes = one
// SIGSEGV blocked, handled and ignored: reading the time-stamp counter changes nothing of that,
// here and in what is forked and exec'd; a real fault does.
#include "observe.h"

static sigjmp_buf before_fault;

static void on_fault(int signal) {
    (void)signal;
    __builtin_ia32_rdtsc();
    siglongjmp(before_fault, 1);
}

static void show(const char *when) {
    sigset_t mask;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(SIGSEGV, NULL, &action);
    const char *how = action.sa_handler == SIG_DFL    ? "default"
                      : action.sa_handler == SIG_IGN  ? "ignored"
                      : action.sa_handler == on_fault ? "handled"
                                                      : "something else";
    say("%s: blocked %s, %s, nodefer %s, mask %s\n", when, yes(sigismember(&mask, SIGSEGV)), how,
        yes(action.sa_flags & SA_NODEFER), yes(sigismember(&action.sa_mask, SIGUSR2)));
}

static void on_signal(int signal) {
    (void)signal;
    __builtin_ia32_rdtsc();
    show("in a handler");
}

static void *thread(void *argument) {
    (void)argument;
    __builtin_ia32_rdtsc();
    show("in a thread");
    return NULL;
}

static void fault(void) {
    *(volatile char *)8 = 1;
}

int main(int count, char **args) {
    if (count > 1) {
        show("after exec");
        return 0;
    }
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGSEGV, &action, NULL);
    __builtin_ia32_rdtsc();
    show("at first");
    block(SIGSEGV);
    for (int i = 0; i < 5; i++)
        __builtin_ia32_rdtsc();
    unsigned processor;
    __builtin_ia32_rdtscp(&processor);
    show("blocked");

    pthread_t other;
    pthread_create(&other, NULL, thread, NULL);
    pthread_join(other, NULL);
    pid_t child = fork();
    if (child == 0) {
        __builtin_ia32_rdtsc();
        show("in a child");
        fault();
    }
    int status;
    waitpid(child, &status, 0);
    say("the child: %s\n", signal_name(WTERMSIG(status)));

    struct sigaction other_action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &other_action, NULL);
    raise(SIGUSR1);
    unblock(SIGSEGV);
    __builtin_ia32_rdtsc();
    show("unblocked");
    sigaddset(&other_action.sa_mask, SIGSEGV);
    sigaction(SIGUSR1, &other_action, NULL);
    raise(SIGUSR1);
    __builtin_ia32_rdtsc();
    show("after a handler");
    if (!sigsetjmp(before_fault, 1))
        fault();
    __builtin_ia32_rdtsc();
    show("after a fault");

    signal(SIGSEGV, SIG_IGN);
    __builtin_ia32_rdtsc();
    show("ignored");
    block(SIGSEGV);
    execl("/proc/self/exe", args[0], "again", (char *)NULL);
}
