// siglab-test: outcomes = one
// recvmmsg and sendmmsg: time-outs of the call and of the socket, which are looked at after
// each message; signals in between.
#include "observe.h"

static int ends[2];
static char bytes[4];
static struct iovec parts[4];
static struct mmsghdr messages[4];

static void prepare(void) {
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 4; i++) {
        parts[i] = (struct iovec){&bytes[i], 1};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static void receive(const char *how, unsigned count, int flags, struct timespec *timeout, int64_t expected) {
    prepare();
    int64_t start = now_ms();
    int got = recvmmsg(ends[0], messages, count, flags, timeout);
    say("%s: %d %s\n", how, got, error_name(got < 0 ? errno : 0));
    for (int i = 0; i < got; i++)
        say("  %d of length %d\n", bytes[i], (int)messages[i].msg_len);
    elapsed(how, start, expected);
}

static void send_later(int count, int64_t each_ms, int signal) {
    pid_t child = fork();
    if (child != 0)
        return;
    for (int i = 0; i < count; i++) {
        sleep_ms(each_ms);
        char byte = (char)(i + 1);
        send(ends[1], &byte, 1, 0);
    }
    if (signal) {
        sleep_ms(each_ms);
        kill(getppid(), signal);
    }
    _exit(0);
}

static void on_signal(int signal) {
    say("handler: %s\n", signal_name(signal));
}

int main(void) {
    SAY(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    struct timespec timeout = {1, 0}, wrong = {0, -1}, zero = {0, 0};
    receive("wrong", 1, 0, &wrong, 0);
    receive("none", 0, 0, &timeout, 0);
    receive("at once", 4, MSG_DONTWAIT, &timeout, 0);

    prepare();
    say("sent %d\n", sendmmsg(ends[1], messages, 3, 0));
    timeout = timespec_of_ms(250);
    receive("three wanted", 3, 0, &timeout, 0);
    sendmmsg(ends[1], messages, 3, 0);
    receive("three there, no time", 3, 0, &zero, 0);
    receive("the rest, wait for one", 4, MSG_WAITFORONE, NULL, 0);

    // At 100, 200 and 300 ms: the time-out is over at the third.
    send_later(3, 100, 0);
    timeout = timespec_of_ms(250);
    receive("time-out", 4, 0, &timeout, 300);
    say("left: %d\n", (int)ms_of_timespec(timeout));
    wait(NULL);

    struct timeval limit = {0, 200000};
    SAY(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    receive("the socket's", 2, 0, NULL, 200);
    send_later(2, 100, 0);
    receive("two, the socket's", 4, 0, NULL, 400);
    wait(NULL);
    limit.tv_usec = 0;
    SAY(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));

    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    send_later(1, 100, SIGUSR1);
    timeout = timespec_of_ms(1000);
    receive("signal after one", 4, 0, &timeout, 200);
    wait(NULL);
    // The kernel keeps the signal as an error of the socket's, 512, for the next call.
    recv(ends[0], bytes, 1, MSG_DONTWAIT);
    send_later(0, 100, SIGUSR1);
    timeout = timespec_of_ms(1000);
    receive("signal before one", 4, 0, &timeout, 100);
    wait(NULL);
}
