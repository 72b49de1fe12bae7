// A daemon outlives the process that was started, and does what the argument says: it waits for
// ever, looks at the time now and then, computes, or asks again and again. With `stay` nobody
// leaves, and the handlers say which signal came.
#include "observe.h"

static void on_signal(int number) {
    say("%s\n", signal_name(number));
}

static void ignore(int number) {
    (void)number;
}

static volatile int zero;

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "pause";
    if (strcmp(how, "stay") == 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_mask = set_of(SIGUSR1, SIGUSR2, 0)};
        MUST(sigaction(SIGUSR1, &action, NULL));
        MUST(sigaction(SIGUSR2, &action, NULL));
        sleep_ms(5000);
        return 0;
    }
    handle(SIGUSR1, ignore, 0);
    if (MUST(fork()))
        return 0;
    MUST(setsid());
    if (MUST(fork()))
        _exit(0);
    if (strcmp(how, "pause") == 0)
        for (;;)
            pause();
    if (strcmp(how, "tick") == 0)
        for (;;)
            sleep_ms(700);
    if (strcmp(how, "poll") == 0)
        while (now_ms() >= 0) {
        }
    while (!zero) {
    }
}
