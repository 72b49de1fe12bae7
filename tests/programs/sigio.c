// siglab-test: outcomes = one
// Signals for a descriptor that is ready: O_ASYNC, F_SETSIG, out-of-band data.
#include "observe.h"

static int ends[2];

static void on_io(int number, siginfo_t *info, void *context) {
    (void)context;
    if (number == SIGIO)
        say("%s\n", signal_name(number));
    else
        say("%s %s, the descriptor: %s\n", signal_name(number), code_name(info), yes(info->si_fd == ends[0]));
}

int main(void) {
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    handle_info(SIGIO, on_io, 0);
    handle_info(SIGRTMIN, on_io, 0);
    block(SIGIO);
    block(SIGRTMIN);
    SAY(fcntl(ends[0], F_SETOWN, getpid()));
    SAY(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK));
    sigset_t none = set_of(0, 0, 0);
    for (int i = 0; i < 2; i++) {
        if (MUST(fork()) == 0) {
            sleep_ms(60);
            MUST(write(ends[1], "x", 1));
            _exit(0);
        }
        SAY(sigsuspend(&none));
        char byte;
        SAY(read(ends[0], &byte, 1));
        wait(NULL);
        SAY(fcntl(ends[0], F_SETSIG, SIGRTMIN));
    }
}
