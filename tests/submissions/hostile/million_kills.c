// siglab-expect: diagnosis = computes-forever | too-many-events | too-much-output
// A signal for itself, again and again.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    signal(SIGUSR1, SIG_IGN);
    for (;;) {
        kill(getpid(), SIGUSR1);
    }
}
