// siglab-test: outcomes = one
// A write to a full pipe blocks; a handler interrupts it after a part, SA_RESTART lets it
// go on only if nothing was written yet.
#include "observe.h"

static volatile sig_atomic_t caught;
static int ends[2];

static void on_alarm(int number) {
    (void)number;
    caught++;
}

static void drain_later(int64_t ms) {
    if (MUST(fork()) == 0) {
        sleep_ms(ms);
        static char buffer[64 * 1024];
        MUST(read(ends[0], buffer, sizeof buffer));
        _exit(0);
    }
}

int main(void) {
    static char data[80 * 1024];
    MUST(pipe(ends));
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        handle(SIGALRM, on_alarm, flags);
        alarm_in_ms(120);
        ssize_t length = write(ends[1], data, sizeof data);
        if (length == 64 * 1024)
            say("a part: 64 KiB\n");
        else
            said("write", length);
        alarm_in_ms(120);
        int64_t start = now_ms();
        drain_later(240);
        SAY(write(ends[1], data, 10));
        elapsed("after", start, flags ? 240 : 120);
        wait(NULL);
        say("caught %d\n", (int)caught);
    }
    MUST(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    while (write(ends[1], data, 4096) > 0) {
    }
    say("full: %s\n", error_name(errno));
}
