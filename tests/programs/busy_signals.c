// siglab-test: outcomes = one
// A loop of cheap calls interrupted by a periodic timer: results are those without it.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_alarm(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGALRM, on_alarm, SA_RESTART);
    struct itimerval timer = {.it_value = timeval_of_ms(10), .it_interval = timeval_of_ms(10)};
    MUST(setitimer(ITIMER_REAL, &timer, NULL));
    int ends[2], wrong = 0;
    MUST(pipe(ends));
    for (int i = 0; caught < 3; i++) {
        char byte = (char)i, back = 0;
        if (write(ends[1], &byte, 1) != 1 || read(ends[0], &back, 1) != 1 || back != byte)
            wrong++;
    }
    MUST(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL));
    say("wrong: %d\n", wrong);
}
