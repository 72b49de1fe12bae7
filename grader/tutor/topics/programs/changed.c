/* `child` isn't what it was. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int child(void)
{
    sleep(1);
    return 4;
}

int main(void)
{
    if (fork() == 0)
        return child();
    wait(NULL);
    return 0;
}
