/* The handler writes a byte into a pipe, and poll(2) wakes up for it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static int ends[2];

static void on_term(int number)
{
    (void)number;
    int saved = errno;
    write(ends[1], "", 1);
    errno = saved;
}

int main(void)
{
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1)
        return 1;
    struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    struct pollfd wanted = { .fd = ends[0], .events = POLLIN };
    while (poll(&wanted, 1, -1) == -1 && errno == EINTR)
        ;
    write(STDOUT_FILENO, "SIGTERM was here\n", 17);
    return 0;
}
