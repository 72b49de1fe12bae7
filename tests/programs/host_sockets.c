// Waits that nothing can end, on sockets of the run's own; argument 1: which.
#include "observe.h"

#include <netinet/in.h>
#include <sys/un.h>

static int ends[2];

// Connected to each other through a socket that listens at `address`.
static void connect_at(struct sockaddr *address, socklen_t size) {
    int listener = socket(address->sa_family, SOCK_STREAM, 0);
    bind(listener, address, size);
    listen(listener, 1);
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    getsockname(listener, (struct sockaddr *)&name, &length);
    ends[0] = socket(address->sa_family, SOCK_STREAM, 0);
    connect(ends[0], (struct sockaddr *)&name, length);
    ends[1] = accept(listener, NULL, NULL);
}

static void receive(int end) {
    char byte;
    recv(end, &byte, 1, 0);
}

int main(int count, char **args) {
    const char *which = count > 1 ? args[1] : "";
    struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    if (strcmp(which, "pair") == 0) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        receive(ends[0]);
    } else if (strcmp(which, "poll") == 0) {
        socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
        struct pollfd both[] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
        poll(both, 2, -1);
    } else if (strcmp(which, "full") == 0) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        while (send(ends[0], "x", 1, 0) == 1)
            ;
    } else if (strcmp(which, "orphan") == 0) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        if (fork() == 0)
            receive(ends[1]);
    } else if (strcmp(which, "both") == 0) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        receive(ends[fork() == 0]);
    } else if (strcmp(which, "local") == 0) {
        connect_at((struct sockaddr *)&local, sizeof local.sun_family);
        receive(ends[1]);
    } else if (strcmp(which, "internet") == 0) {
        connect_at((struct sockaddr *)&internet, sizeof internet);
        receive(ends[0]);
    } else if (strcmp(which, "unbound") == 0) {
        receive(socket(AF_UNIX, SOCK_DGRAM, 0));
    }
}
