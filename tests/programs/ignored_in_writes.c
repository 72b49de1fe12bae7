// siglab-test: outcomes = one
// A child's end (SIGCHLD, ignored by default) doesn't cut a write short that waits for
// room, nor a receive that waits for all; neither does an ignored signal.
#include "observe.h"

static int ends[2], sockets[2];
static char data[400 * 1024];

static void drain(int fd, size_t total) {
    static char buffer[16 * 1024];
    while (total > 0)
        total -= (size_t)MUST(read(fd, buffer, sizeof buffer));
}

static void say_whole(const char *call, ssize_t length, size_t expected) {
    if (length == -1)
        said(call, length);
    else
        say("%s: whole: %s\n", call, yes(length == (ssize_t)expected));
}

int main(void) {
    MUST(pipe(ends));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    signal(SIGUSR1, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        pid_t children[] = {send_parent(SIGUSR1, 50), (pid_t)MUST(fork())};
        if (children[1] == 0) {
            sleep_ms(150);
            drain(i ? sockets[0] : ends[0], i ? sizeof data : 96 * 1024);
            _exit(0);
        }
        if (i == 0)
            say_whole("write", write(ends[1], data, 96 * 1024), 96 * 1024);
        else
            say_whole("send", send(sockets[1], data, sizeof data, 0), sizeof data);
        for (int j = 0; j < 2; j++)
            reap("child", children[j]);
    }
    pid_t children[] = {send_parent(SIGUSR1, 50), (pid_t)MUST(fork())};
    if (children[1] == 0) {
        MUST(write(sockets[1], data, 2 * 1024));
        sleep_ms(150);
        MUST(write(sockets[1], data, 6 * 1024));
        _exit(0);
    }
    say_whole("receive", recv(sockets[0], data, 8 * 1024, MSG_WAITALL), 8 * 1024);
    for (int j = 0; j < 2; j++)
        reap("child", children[j]);
}
