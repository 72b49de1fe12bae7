// siglab-test: outcomes = one
// SIGPIPE: kills a writer to a pipe that nobody reads; ignored or caught, EPIPE.
#include "observe.h"

static void on_pipe(int number, siginfo_t *info, void *context) {
    (void)context;
    say("%s %s from itself: %s\n", signal_name(number), code_name(info), yes(info->si_pid == getpid()));
}

int main(void) {
    int ends[2], sockets[2];
    MUST(pipe(ends));
    close(ends[0]);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    close(sockets[0]);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        SAY(write(ends[1], "x", 1));
        _exit(0);
    }
    reap("child", child);
    handle_info(SIGPIPE, on_pipe, SA_RESTART);
    SAY(write(ends[1], "x", 1));
    SAY(send(sockets[1], "x", 1, 0));
    SAY(send(sockets[1], "x", 1, MSG_NOSIGNAL));
    signal(SIGPIPE, SIG_IGN);
    SAY(write(ends[1], "x", 1));
}
