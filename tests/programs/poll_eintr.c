// siglab-test: outcomes = one
// Handlers interrupt poll(2) and ppoll(2), SA_RESTART or not; ppoll lets a blocked signal in.
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGALRM, on_signal, SA_RESTART);
    alarm_in_ms(150);
    int64_t start = now_ms();
    SAY(poll(NULL, 0, 3000));
    elapsed("after", start, 150);
    alarm_in_ms(150);
    SAY(poll(NULL, 0, -1));

    handle(SIGUSR1, on_signal, 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    say("caught %d\n", (int)caught);
    sigset_t none = set_of(0, 0, 0);
    struct timespec time = timespec_of_ms(3000);
    start = now_ms();
    SAY(ppoll(NULL, 0, &time, &none));
    elapsed("after", start, 0);
    say("caught %d\n", (int)caught);
    left("the time is untouched:", ms_of_timespec(time), 3000);
    raise(SIGUSR1);
    time = timespec_of_ms(50);
    SAY(ppoll(NULL, 0, &time, NULL)); // blocked as before
    say("caught %d\n", (int)caught);
    SAY(syscall(SYS_ppoll, NULL, 0, &time, NULL, 8)); // the raw call tells what is left
    left("the time:", ms_of_timespec(time), 0);
}
