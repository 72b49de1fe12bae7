/* `child` is as it was, and nobody calls it. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int child(void)
{
    sleep(1);
    return 3;
}

int main(void)
{
    if (fork() == 0)
        return 3;    /* child() isn't called */
    wait(NULL);
    return 0;
}
