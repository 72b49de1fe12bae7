// siglab-test: outcomes = one
// A handler interrupts epoll_wait(2), SA_RESTART or not; an ignored or blocked signal
// doesn't; epoll_pwait(2) lets one in.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    int set = (int)MUST(epoll_create1(0));
    struct epoll_event event;
    handle(SIGALRM, on_signal, SA_RESTART);
    alarm_in_ms(150);
    int64_t start = now_ms();
    SAY(epoll_wait(set, &event, 1, 3000));
    elapsed("handled: after", start, 150);

    signal(SIGALRM, SIG_IGN);
    alarm_in_ms(50);
    start = now_ms();
    SAY(epoll_wait(set, &event, 1, 100));
    elapsed("ignored: after", start, 100);

    pid_t child = send_parent(SIGWINCH, 50);
    start = now_ms();
    SAY(epoll_wait(set, &event, 1, 150));
    elapsed("ignored by default, and a child's end: after", start, 150);
    reap("child", child);

    handle(SIGALRM, on_signal, 0);
    block(SIGALRM);
    alarm_in_ms(30);
    SAY(epoll_wait(set, &event, 1, 80));
    say("caught %d\n", (int)caught);
    sigset_t none = set_of(0, 0, 0);
    SAY(epoll_pwait(set, &event, 1, 3000, &none));
    say("caught %d\n", (int)caught);
}
