// siglab-test: outcomes = one
// A stopped process whose group becomes orphaned gets SIGHUP and SIGCONT; in an orphaned
// group SIGTSTP does nothing.
#include "observe.h"

static void on_signal(int number) {
    say("%s\n", signal_name(number));
}

int main(void) {
    int ends[2];
    MUST(pipe(ends));
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        setsid();
        pid_t grandchild = (pid_t)MUST(fork());
        if (grandchild == 0) {
            setpgid(0, 0);
            struct sigaction action = {.sa_handler = on_signal};
            sigfillset(&action.sa_mask);
            sigaction(SIGHUP, &action, NULL);
            sigaction(SIGCONT, &action, NULL);
            raise(SIGSTOP);
            say("goes on\n");
            raise(SIGTSTP);
            say("isn't stopped\n");
            MUST(write(ends[1], "x", 1));
            _exit(0);
        }
        int status;
        MUST(waitpid(grandchild, &status, WUNTRACED));
        say_status("grandchild", status);
        sleep_ms(50);
        _exit(0);
    }
    close(ends[1]);
    char byte;
    SAY(read(ends[0], &byte, 1));
    SAY(read(ends[0], &byte, 1));
    reap("child", child);
}
