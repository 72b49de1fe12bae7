// siglab-test: outcomes = one
// Transfers of more than fits at once, by every call that makes them, are whole when
// nobody interrupts them.
#include "observe.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

enum { SIZE = 400 * 1024 };

static int ends[2], sockets[2], file;
static char data[SIZE];

static ssize_t by_write(void) {
    return write(ends[1], data, SIZE);
}

static ssize_t by_writev(void) {
    struct iovec parts[] = {{data, SIZE / 2}, {data, SIZE / 2}};
    return writev(ends[1], parts, 2);
}

static ssize_t by_vmsplice(void) {
    struct iovec part = {data, SIZE};
    return vmsplice(ends[1], &part, 1, 0);
}

static ssize_t by_sendfile(void) {
    return sendfile(ends[1], file, &(off_t){0}, SIZE);
}

static ssize_t by_send(void) {
    return send(sockets[1], data, SIZE, 0);
}

static ssize_t by_socket_write(void) {
    return write(sockets[1], data, SIZE);
}

static ssize_t by_sendmsg(void) {
    struct iovec parts[] = {{data, SIZE / 2}, {data, SIZE / 2}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(sockets[1], &message, 0);
}

static ssize_t by_socket_sendfile(void) {
    return sendfile(sockets[1], file, &(off_t){0}, SIZE);
}

static void drain(int fd) {
    static char buffer[50 * 1024];
    sleep_ms(50);
    ssize_t length;
    while ((length = MUST(read(fd, buffer, sizeof buffer))) > 0) {
    }
    _exit(0);
}

int main(void) {
    file = (int)MUST(memfd_create("data", 0));
    MUST(write(file, data, SIZE));
    ssize_t (*const ways[])(void) = {by_write, by_writev, by_vmsplice, by_sendfile,
                                     by_send,  by_socket_write, by_sendmsg, by_socket_sendfile};
    for (int i = 0; i < 8; i++) {
        MUST(pipe(ends));
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
        pid_t child = (pid_t)MUST(fork());
        if (child == 0) {
            close(ends[1]);
            close(sockets[1]);
            drain(i < 4 ? ends[0] : sockets[0]);
        }
        close(ends[0]);
        close(sockets[0]);
        ssize_t length = ways[i]();
        say("%d: %s\n", i, length == -1 ? error_name(errno) : length == SIZE ? "whole" : "a part");
        close(ends[1]);
        close(sockets[1]);
        reap_silently(child);
    }
}
