// siglab-test: outcomes = one
// sa_mask blocks other signals while a handler runs; the context holds the mask that
// returns; what the handler blocks itself is undone.
#include "observe.h"

#include <ucontext.h>

static void on_usr1(int number, siginfo_t *info, void *context) {
    (void)info;
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    const ucontext_t *interrupted = context;
    say("%s begins: itself %s, SIGUSR2 %s, SIGINT %s; before: SIGINT %s, SIGUSR2 %s\n", signal_name(number),
        yes(sigismember(&now, SIGUSR1)), yes(sigismember(&now, SIGUSR2)), yes(sigismember(&now, SIGINT)),
        yes(sigismember(&interrupted->uc_sigmask, SIGINT)), yes(sigismember(&interrupted->uc_sigmask, SIGUSR2)));
    raise(SIGUSR2);
    block(SIGTERM);
    raise(SIGTERM);
    say("%s ends\n", signal_name(number));
}

static void on_other(int number) {
    say("%s\n", signal_name(number));
}

// Changes the mask that the interrupted code goes on with.
static void on_hup(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGUSR2);
    MUST(sigaction(SIGUSR1, &action, NULL));
    handle(SIGUSR2, on_other, 0);
    handle(SIGTERM, on_other, 0);
    handle_info(SIGHUP, on_hup, 0);
    block(SIGINT);
    raise(SIGUSR1);
    say("after it\n");
    raise(SIGHUP);
    raise(SIGUSR2);
    sigset_t pending;
    sigpending(&pending);
    say("SIGUSR2 pending: %s\n", yes(sigismember(&pending, SIGUSR2)));
    // SIGKILL and SIGSTOP can be neither caught nor ignored nor blocked.
    SAY(sigaction(SIGKILL, &action, NULL));
    say("%s\n", yes(signal(SIGSTOP, SIG_IGN) == SIG_ERR && errno == EINVAL));
    SAY(sigaction(65, &action, NULL));
    block(SIGKILL);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    say("SIGKILL blocked: %s\n", yes(sigismember(&now, SIGKILL)));
}
