/* The handler's last call fails, and whoever looks at errno then sees that. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void on_int(int number)
{
    (void)number;
    close(-1);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    if (access("/no/such/file", F_OK) == -1)
        dprintf(STDOUT_FILENO, "%s\n", errno == ENOENT ? "there is no such file" : "what has happened?");
    return 0;
}
