// siglab-test: outcomes = one
// A server and a client on a local socket: accept(2) with and without a time-out, half
// closed connections, a datagram.
#include "observe.h"

#include <stddef.h>
#include <sys/un.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t length;

static void client(void) {
    sleep_ms(100);
    int connection = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(connect(connection, (struct sockaddr *)&address, length));
    MUST(send(connection, "question", 8, 0));
    MUST(shutdown(connection, SHUT_WR));
    char answer[16] = "";
    MUST(recv(connection, answer, sizeof answer, MSG_WAITALL));
    say("client: %s\n", answer);
    _exit(2);
}

int main(void) {
    // An abstract name, of this process alone.
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                         (size_t)snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "siglab-test-%d", (int)getpid()));
    int server = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUST(bind(server, (struct sockaddr *)&address, length));
    MUST(listen(server, 1));
    struct timeval time = timeval_of_ms(60);
    MUST(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    int64_t start = now_ms();
    SAY(accept(server, NULL, NULL));
    elapsed("after", start, 60);
    time = (struct timeval){0};
    MUST(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));

    start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        client();
    int connection = (int)MUST(accept4(server, NULL, NULL, SOCK_CLOEXEC));
    elapsed("accepted after", start, 100);
    char question[16] = "";
    SAY(recv(connection, question, sizeof question, 0));
    SAY(recv(connection, question, sizeof question, 0));
    sleep_ms(50);
    MUST(send(connection, "answer", 6, 0));
    close(connection);
    reap("child", child);
}
