// siglab-test: outcomes = one
// A parent that asks for its child every 20 ms; and one that waits in sleep for SIGCHLD.
#include "observe.h"

static void on_child(int number) {
    (void)number;
}

int main(void) {
    int64_t start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(150);
        _exit(3);
    }
    int status, asked = 0;
    while (MUST(waitpid(child, &status, WNOHANG)) == 0) {
        asked++;
        sleep_ms(20);
    }
    say_status("child", status);
    say("asked several times: %s\n", yes(asked >= 3));
    say("not before its time: %s\n", yes(now_ms() - start >= 145));

    handle(SIGCHLD, on_child, 0);
    start = now_ms();
    child = (pid_t)MUST(fork());
    if (child == 0) {
        sleep_ms(150);
        _exit(4);
    }
    say("sleep: %d left\n", (int)sleep(3));
    elapsed("after", start, 150);
    reap("child", child);
}
