// siglab-test: outcomes = one
// Locks on files between processes: flock(2) and F_SETLKW wait, are interrupted, restart.
#include "observe.h"

#include <sys/file.h>

static void on_alarm(int number) {
    (void)number;
}

static int again(int file) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return (int)MUST(open(path, O_RDWR));
}

int main(void) {
    int file = (int)MUST(open("/tmp", O_TMPFILE | O_RDWR, 0600));
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int64_t start = now_ms();
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        int own = again(file);
        MUST(flock(own, LOCK_EX));
        MUST(fcntl(own, F_SETLK, &whole));
        sleep_ms(250);
        _exit(0); // lets go of both
    }
    sleep_ms(100);
    SAY(flock(file, LOCK_EX | LOCK_NB));
    struct flock test = whole;
    SAY(fcntl(file, F_GETLK, &test));
    say("held by the child: %s\n", yes(test.l_type == F_WRLCK && test.l_pid == child));
    SAY(fcntl(file, F_SETLK, &whole));
    handle(SIGALRM, on_alarm, 0);
    alarm_in_ms(50);
    SAY(flock(file, LOCK_EX));
    alarm_in_ms(50);
    SAY(fcntl(file, F_SETLKW, &whole));
    handle(SIGALRM, on_alarm, SA_RESTART);
    alarm_in_ms(20);
    SAY(flock(file, LOCK_SH));
    elapsed("after", start, 250);
    SAY(fcntl(file, F_SETLKW, &whole));
    reap("child", child);

    child = (pid_t)MUST(fork());
    if (child == 0) {
        start = now_ms();
        SAY(fcntl(file, F_SETLKW, &whole));
        elapsed("the child had to wait", start, 150);
        _exit(0);
    }
    sleep_ms(150);
    whole.l_type = F_UNLCK;
    MUST(fcntl(file, F_SETLK, &whole));
    reap("child", child);
    SAY(lockf(file, F_LOCK, 10));
}
