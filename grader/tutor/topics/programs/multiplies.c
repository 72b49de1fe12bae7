/* It makes processes until it can't. */
#include <unistd.h>

int main(void)
{
    for (;;)
        if (fork() == 0) {
            pause();
            return 0;
        }
}
