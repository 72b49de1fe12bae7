/* The parent ends first. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    pid_t parent = getpid();
    if (fork() == 0) {
        sleep(1);
        printf("my parent is %s\n", getppid() == parent ? "still there" : "another one now");
        return 0;
    }
    return 0;
}
