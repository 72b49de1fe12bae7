/*
 * Spins on a flag that a handler sets: first without any call, then with calls that
 * don't block, then on the clock.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t flag;
static volatile unsigned long work;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    flag = 1;
}

static void one(void)
{
    work++;
}

static void other(void)
{
    work += 2;
}

static void wait_for_flag(void (*between)(void))
{
    const struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

    flag = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    while (!flag) {
        one();
        if (work % 3 == 0)
            other();
        between();
    }
}

static void nothing(void)
{
}

static void ask(void)
{
    getppid();
}

static long micros(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void look_at_clock(void)
{
    micros();
}

int main(void)
{
    signal(SIGALRM, on_alarm);
    wait_for_flag(nothing);
    puts("no call");
    wait_for_flag(ask);
    puts("a call");
    wait_for_flag(look_at_clock);
    puts("the clock");
    long until = micros() + 30000;
    while (micros() < until)
        one();
    puts("the clock alone");
    return 0;
}
