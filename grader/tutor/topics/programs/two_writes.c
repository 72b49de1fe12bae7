/* A line in two pieces; the handler's line may come between them. */
#include <signal.h>
#include <unistd.h>

static void on_int(int number)
{
    (void)number;
    write(STDOUT_FILENO, "SIGINT!\n", 8);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_int };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    write(STDOUT_FILENO, "good ", 5);
    write(STDOUT_FILENO, "morning\n", 8);
    return 0;
}
