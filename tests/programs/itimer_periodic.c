// siglab-test: outcomes = one
// A periodic timer of setitimer(2); getitimer(2) while it runs.
#include "observe.h"

static volatile sig_atomic_t caught;
static siginfo_t seen;

static void on_alarm(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    seen = *info;
    caught++;
}

int main(void) {
    handle_info(SIGALRM, on_alarm, 0);
    block(SIGALRM);
    struct itimerval timer = {.it_value = timeval_of_ms(100), .it_interval = timeval_of_ms(50)}, now;
    int64_t start = now_ms();
    MUST(setitimer(ITIMER_REAL, &timer, NULL));
    MUST(getitimer(ITIMER_REAL, &now));
    left("first", ms_of_timeval(now.it_value), 100);
    sigset_t none = set_of(0, 0, 0);
    while (caught < 4)
        SAY(sigsuspend(&none));
    elapsed("four times:", start, 250);
    MUST(getitimer(ITIMER_REAL, &now));
    left("next", ms_of_timeval(now.it_value), 50);
    left("interval", ms_of_timeval(now.it_interval), 50);
    timer = (struct itimerval){0};
    SAY(setitimer(ITIMER_REAL, &timer, &now));
    left("interval before", ms_of_timeval(now.it_interval), 50);
    say("%s\n", code_name(&seen));
    struct itimerval malformed = {.it_value.tv_usec = 1000000};
    SAY(setitimer(ITIMER_REAL, &malformed, NULL));
    SAY(setitimer(9, &timer, NULL));
    SAY(getitimer(9, &now));
}
