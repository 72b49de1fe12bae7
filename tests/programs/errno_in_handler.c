// siglab-test: outcomes = one
// A handler that makes failing calls changes errno of the interrupted code only if it
// doesn't put it back; registers and the floating-point state come back by themselves.
#include "observe.h"

static volatile sig_atomic_t polite;

static void on_usr1(int number) {
    (void)number;
    int before = errno;
    close(-1);
    volatile double x = 3.0;
    x = x / 7.0 + 1.0;
    if (polite)
        errno = before;
}

int main(void) {
    handle(SIGUSR1, on_usr1, 0);
    for (int i = 0; i < 2; i++) {
        polite = i;
        errno = ENOENT;
        raise(SIGUSR1);
        say("errno %s\n", error_name(errno));
    }
    double sum = 0;
    for (int i = 1; i <= 1000; i++) {
        sum += 1.0 / i;
        if (i % 100 == 0)
            raise(SIGUSR1);
    }
    say("sum is right: %s\n", yes(sum > 7.48547 && sum < 7.48548));
}
