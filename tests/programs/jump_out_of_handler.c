// siglab-test: outcomes = one
// siglongjmp(3) out of a handler: with the mask, and without, when the signal stays
// blocked; out of a wait.
#include "observe.h"

static sigjmp_buf back;
static volatile sig_atomic_t caught;

static void on_signal(int number) {
    (void)number;
    caught++;
    siglongjmp(back, 1);
}

static bool blocked(int number) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, number);
}

int main(void) {
    handle(SIGALRM, on_signal, 0);
    handle(SIGUSR1, on_signal, 0);
    int64_t start = now_ms();
    if (sigsetjmp(back, 1) == 0) {
        alarm_in_ms(100);
        for (;;)
            pause();
    }
    elapsed("jumped after", start, 100);
    say("SIGALRM blocked: %s\n", yes(blocked(SIGALRM)));

    // A time-out for a read, the old way.
    int ends[2];
    MUST(pipe(ends));
    if (sigsetjmp(back, 1) == 0) {
        alarm_in_ms(100);
        char byte;
        SAY(read(ends[0], &byte, 1));
    }
    elapsed("gave up after", start, 200);

    if (sigsetjmp(back, 0) == 0)
        raise(SIGUSR1);
    say("without the mask, SIGUSR1 blocked: %s\n", yes(blocked(SIGUSR1)));
    raise(SIGUSR1);
    say("caught %d\n", (int)caught);
    if (sigsetjmp(back, 1) == 0)
        unblock(SIGUSR1);
    say("caught %d\n", (int)caught);
    // A thousand times, so that anything left over adds up.
    for (volatile int i = 0; i < 1000; i++)
        if (sigsetjmp(back, 1) == 0) {
            unblock(SIGUSR1);
            raise(SIGUSR1);
        }
    say("caught many: %s\n", yes(caught == 1004));
}
