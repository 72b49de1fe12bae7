// siglab-test: outcomes = one
// signalfd(2): several signals at once, in order, with values; a child's status; blocking,
// polled, changed.
#include "observe.h"

static pid_t child;

static void read_all(int fd) {
    struct signalfd_siginfo infos[8];
    ssize_t length = read(fd, infos, sizeof infos);
    if (length == -1)
        said("read", length);
    for (int i = 0; i < length / (ssize_t)sizeof *infos; i++) {
        siginfo_t info = {.si_signo = (int)infos[i].ssi_signo, .si_code = infos[i].ssi_code};
        say("%s %s", signal_name(info.si_signo), code_name(&info));
        if (info.si_code == SI_QUEUE)
            say(" value %d", infos[i].ssi_int);
        if (info.si_signo == SIGCHLD)
            say(" status %d, the child: %s", infos[i].ssi_status, yes((pid_t)infos[i].ssi_pid == child));
        say("\n");
    }
}

int main(void) {
    sigset_t set = set_of(SIGUSR1, SIGCHLD, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = (int)MUST(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    read_all(fd);
    for (int i = 1; i <= 3; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 * i});
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 40});
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 50});
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    SAY(poll(&ready, 1, 0));
    read_all(fd);
    SAY(poll(&ready, 1, 30));

    MUST(fcntl(fd, F_SETFL, 0));
    int64_t start = now_ms();
    child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(100);
        _exit(8);
    }
    read_all(fd);
    elapsed("after", start, 100);
    reap("child", child);

    set = set_of(SIGUSR2, 0, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    say("the same descriptor: %s\n", yes(signalfd(fd, &set, 0) == fd));
    raise(SIGUSR1);
    start = now_ms();
    child = send_parent(SIGUSR2, 100);
    SAY(poll(&ready, 1, 3000));
    elapsed("after", start, 100);
    read_all(fd);
    reap("child", child);
    char small[8];
    SAY(read(fd, small, sizeof small));
}
