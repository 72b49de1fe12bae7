/* SIGINT is ignored: it leaves no trace, neither now nor when it is handled again. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    signal(SIGINT, SIG_IGN);
    raise(SIGINT);
    printf("nothing has happened\n");
    signal(SIGINT, SIG_DFL);
    printf("and nothing is left of it\n");
    return 0;
}
