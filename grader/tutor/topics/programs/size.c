/* It hears of the terminal's new size. */
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void on_winch(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_winch };
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, NULL);
    pause();
    struct winsize size;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    printf("%d rows\n", size.ws_row);
    return 0;
}
