/* Keeps a processor busy, for five minutes at the most. */
#include <unistd.h>

int main(void)
{
    alarm(300);
    for (volatile unsigned long number = 0;; number++)
        ;
}
