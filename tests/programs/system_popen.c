// siglab-test: outcomes = one
// system(3) blocks SIGCHLD and ignores SIGINT and SIGQUIT while it waits; popen(3).
#include "observe.h"

static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
}

int main(void) {
    handle(SIGCHLD, on_signal, SA_RESTART);
    handle(SIGINT, on_signal, SA_RESTART);
    int64_t start = now_ms();
    int status = system("sleep 0.1; kill -INT $PPID; exit 3");
    elapsed("after", start, 100);
    say_status("system", status);
    say("caught %d\n", (int)caught);
    say_status("killed", system("kill -TERM $$"));
    int nothing = system("/does/not/exist 2>/dev/null");
    say("no such command: %s\n", yes(WIFEXITED(nothing) && WEXITSTATUS(nothing) == 0x7f));

    FILE *pipe = popen("echo one; sleep 0.1; echo two; exit 4", "r");
    char line[32];
    while (fgets(line, sizeof line, pipe))
        say("read %s", line);
    say_status("pclose", pclose(pipe));
    pipe = popen("cat; exit 5", "w");
    fputs("written\n", pipe);
    say_status("pclose", pclose(pipe));
}
