/* A child that never ends, and a parent that waits for it. */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0)
        for (;;)
            pause();
    wait(NULL);
    return 0;
}
