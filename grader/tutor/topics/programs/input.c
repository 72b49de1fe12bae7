/* The kernel sends SIGIO when there is something to read. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void on_io(int number)
{
    (void)number;
    write(STDOUT_FILENO, "there is something to read\n", 27);
}

int main(void)
{
    int ends[2];
    if (pipe(ends) == -1)
        return 1;
    struct sigaction action = { .sa_handler = on_io };
    sigemptyset(&action.sa_mask);
    sigaction(SIGIO, &action, NULL);
    fcntl(ends[0], F_SETOWN, getpid());
    fcntl(ends[0], F_SETFL, O_ASYNC);
    if (fork() == 0) {
        sleep(1);
        write(ends[1], "x", 1);
        return 0;
    }
    pause();
    return 0;
}
