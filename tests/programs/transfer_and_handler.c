// siglab-test: outcomes = one
// A handler that interrupts a transfer after a part: write, send, recv(MSG_WAITALL), splice
// and readv return the part, and the rest can follow.
#include "observe.h"

#include <sys/uio.h>

static volatile sig_atomic_t caught;
static char data[96 * 1024];

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    int ends[2], sockets[2];
    MUST(pipe(ends));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        handle(SIGALRM, on_alarm, flags);
        alarm_in_ms(120);
        int64_t start = now_ms();
        struct iovec parts[] = {{data, 40 * 1024}, {data, 40 * 1024}};
        ssize_t length = writev(ends[1], parts, 2);
        say("writev: %d KiB\n", (int)(length / 1024));
        elapsed("after", start, 120);
        static char sink[80 * 1024];
        MUST(read(ends[0], sink, sizeof sink));

        MUST(send(sockets[1], data, 2 * 1024, 0));
        alarm_in_ms(120);
        start = now_ms();
        length = recv(sockets[0], sink, 8 * 1024, MSG_WAITALL);
        say("recv: %d KiB\n", (int)(length / 1024));
        elapsed("after", start, 120);
        say("caught %d\n", (int)caught);
    }
}
