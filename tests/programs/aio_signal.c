// siglab-test: outcomes = one
// POSIX asynchronous I/O: a signal, and aio_suspend(3) with a time-out.
#include "observe.h"

#include <aio.h>

int main(void) {
    block(SIGRTMIN + 1);
    int ends[2];
    MUST(pipe(ends));
    char buffer[8] = "";
    struct aiocb request = {
        .aio_fildes = ends[0],
        .aio_buf = buffer,
        .aio_nbytes = sizeof buffer,
        .aio_sigevent = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 31}};
    SAY(aio_read(&request));
    const struct aiocb *const list[] = {&request};
    struct timespec time = timespec_of_ms(60);
    int64_t start = now_ms();
    SAY(aio_suspend(list, 1, &time));
    elapsed("after", start, 60);
    say("%s\n", error_name(aio_error(&request)));
    MUST(write(ends[1], "abc", 3));
    sigset_t set = set_of(SIGRTMIN + 1, 0, 0);
    siginfo_t info;
    say("%s ", signal_name(sigwaitinfo(&set, &info)));
    say("%s value %d\n", code_name(&info), info.si_value.sival_int);
    say("%s, %d bytes\n", error_name(aio_error(&request)), (int)aio_return(&request));
}
