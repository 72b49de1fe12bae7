// siglab-test: outcomes = one
// A handler that sleeps itself: the interrupted sleep's rest is what was left when the
// signal came; handlers of two signals nest.
#include "observe.h"

static int64_t begin;

static void on_alarm(int number) {
    say("%s begins\n", signal_name(number));
    SAY(nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL));
    elapsed("handler: after", begin, 250);
}

static void on_usr1(int number) {
    say("%s begins\n", signal_name(number));
    sleep_ms(50);
    say("%s ends\n", signal_name(number));
}

int main(void) {
    handle(SIGALRM, on_alarm, SA_RESTART);
    handle(SIGUSR1, on_usr1, 0);
    begin = now_ms();
    pid_t child = send_parent(SIGUSR1, 200);
    alarm_in_ms(100);
    struct timespec rest;
    SAY(nanosleep(&(struct timespec){.tv_sec = 1}, &rest));
    elapsed("after", begin, 250);
    left("rest", ms_of_timespec(rest), 900);
    reap("child", child);
}
