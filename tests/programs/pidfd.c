// siglab-test: outcomes = one
// pidfd: pidfd_send_signal(2), poll and epoll until the process ends.
#include "observe.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif

static void on_usr1(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s value %d\n", signal_name(number), code_name(info), info->si_value.sival_int);
}

int main(void) {
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        handle_info(SIGUSR1, on_usr1, 0);
        block(SIGUSR1);
        kill(parent, SIGCONT); // nothing
        sigset_t none = set_of(0, 0, 0);
        sigsuspend(&none);
        sleep_ms(100);
        _exit(6);
    }
    int descriptor = (int)MUST(syscall(SYS_pidfd_open, child, 0));
    sleep_ms(60);
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    SAY(poll(&ready, 1, 30));
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE, .si_value.sival_int = 12};
    MUST(syscall(SYS_pidfd_send_signal, descriptor, SIGUSR1, &info, 0));
    int64_t start = now_ms();
    SAY(poll(&ready, 1, 3000));
    elapsed("after", start, 100);
    SAY(syscall(SYS_pidfd_send_signal, descriptor, SIGUSR1, NULL, 0)); // a zombie
    reap("child", child);
    SAY(syscall(SYS_pidfd_send_signal, descriptor, SIGUSR1, NULL, 0));
    SAY(syscall(SYS_pidfd_open, child, 0));
    SAY(syscall(SYS_pidfd_send_signal, STDOUT_FILENO, SIGUSR1, NULL, 0));
}
