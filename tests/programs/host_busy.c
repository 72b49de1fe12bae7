/*
 * Keeps a processor busy, for five minutes at the most. With an argument, in a session of its
 * own: the kernel divides processors by session (sched(7), autogroup), and gives one that also
 * holds a tracer, which sleeps most of the time, far more than its share.
 */
#include <unistd.h>

int main(int argc, char *argv[])
{
    (void)argv;
    if (argc > 1)
        (void)setsid();
    alarm(300);
    for (volatile unsigned long number = 0;; number++)
        ;
}
