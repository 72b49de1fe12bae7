// siglab-explore: finds = errno-clobbered
// siglab-explore: may = output-corrupted
// siglab-explore: alone = exits 0
/*
 * errno_in_handler: a handler whose last call fails, and a loop that looks at errno.
 *
 * waitpid() in the handler ends with "no child" sooner or later, and that is what main()
 * finds in errno if it was interrupted between its read() and the line that asks why
 * the read() gave nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_sigchld(int signal_number)
{
    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* Copies what comes from the pipe until its other end is closed. */
static int copy(int from)
{
    for (;;) {
        char buffer[64];
        ssize_t length = read(from, buffer, sizeof buffer);
        if (length == 0)
            return EXIT_SUCCESS;
        if (length > 0) {
            if (write(STDOUT_FILENO, buffer, (size_t)length) != length)
                return EXIT_FAILURE;
        } else if (errno == EAGAIN) {
            struct pollfd ready = { .fd = from, .events = POLLIN };
            poll(&ready, 1, -1); /* if a signal interrupts it, the read() tells */
        } else if (errno != EINTR) {
            static const char line[] = "main: read failed\n";
            if (write(STDOUT_FILENO, line, sizeof line - 1) == -1)
                return EXIT_FAILURE;
            return EXIT_FAILURE;
        }
    }
}

int main(void)
{
    int ends[2];

    if (pipe(ends) == -1 || fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1) {
        perror("pipe");
        return EXIT_FAILURE;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return EXIT_FAILURE;
    }
    if (pid == 0) {
        static const char line[] = "child: hello\n";
        usleep(1000);
        _exit(write(ends[1], line, sizeof line - 1) == -1);
    }
    close(ends[1]);

    struct sigaction action = { .sa_handler = on_sigchld, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL) == -1) {
        perror("sigaction");
        return EXIT_FAILURE;
    }
    return copy(ends[0]);
}
