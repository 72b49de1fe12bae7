/* `child` isn't there any more. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int my_child(void)
{
    sleep(1);
    return 3;
}

int main(void)
{
    if (fork() == 0)
        return my_child();
    wait(NULL);
    return 0;
}
