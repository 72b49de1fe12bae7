/* It stops itself, and there is nobody who would continue it. */
#include <signal.h>

int main(void)
{
    raise(SIGSTOP);
    return 0;
}
