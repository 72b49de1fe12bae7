/* The terminal hangs up. The child has left its session, and hears nothing of that. */
#include <unistd.h>

int main(void)
{
    if (fork() == 0) {
        setsid();
        sleep(2);
        return 0;
    }
    pause();
    return 0;
}
