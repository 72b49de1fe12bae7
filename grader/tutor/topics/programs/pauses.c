/* Waits for a signal, and leaves every one its default action. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    printf("waiting\n");
    fflush(stdout);
    pause();
    return 0;
}
