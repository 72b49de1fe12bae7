/* It sleeps for a tenth of a second, looks, and sleeps again. */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        sleep(1);
        return 0;
    }
    while (waitpid(child, NULL, WNOHANG) == 0)
        usleep(100000);
    return 0;
}
