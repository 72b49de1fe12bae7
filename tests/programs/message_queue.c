// siglab-test: outcomes = one
// POSIX message queues: time-outs of mq_timedreceive and mq_timedsend, priorities,
// notification by a signal.
#include "observe.h"

#include <mqueue.h>

int main(void) {
    char name[32], text[8];
    snprintf(name, sizeof name, "/siglab-test-%d", (int)getpid());
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = sizeof text};
    mqd_t queue = (mqd_t)MUST(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    MUST(mq_unlink(name));
    int64_t start = now_ms();
    struct timespec until = in_ms(CLOCK_REALTIME, 60);
    SAY(mq_timedreceive(queue, text, sizeof text, NULL, &until));
    elapsed("after", start, 60);
    SAY(mq_send(queue, "low", 4, 1));
    SAY(mq_send(queue, "high", 5, 9));
    start = now_ms();
    until = in_ms(CLOCK_REALTIME, 60);
    SAY(mq_timedsend(queue, "more", 5, 0, &until));
    elapsed("after", start, 60);
    unsigned priority;
    for (int i = 0; i < 2; i++) {
        SAY(mq_receive(queue, text, sizeof text, &priority));
        say("%s %d\n", text, (int)priority);
    }

    block(SIGUSR1);
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 21};
    SAY(mq_notify(queue, &event));
    start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(80);
        MUST(mq_send(queue, "child", 6, 0));
        _exit(0);
    }
    sigset_t set = set_of(SIGUSR1, 0, 0);
    siginfo_t info;
    say("%s ", signal_name(sigwaitinfo(&set, &info)));
    say("%s value %d, from the child: %s\n", code_name(&info), info.si_value.sival_int, yes(info.si_pid == child));
    elapsed("after", start, 80);
    until = in_ms(CLOCK_REALTIME, 1000);
    SAY(mq_timedreceive(queue, text, sizeof text, NULL, &until));
    until.tv_nsec = -1;
    SAY(mq_timedreceive(queue, text, sizeof text, NULL, &until));
    reap("child", child);
}
