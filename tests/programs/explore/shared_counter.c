// siglab-explore: clean
// siglab-explore: alone = exits 0
// Memory that it would share with children, if it had any.
#include "explore.h"
#include <sys/mman.h>

static volatile sig_atomic_t seen;

static void on_signal(int number) {
    (void)number;
    seen++;
}

int main(void) {
    volatile int *rounds = mmap(NULL, sizeof *rounds, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (rounds == MAP_FAILED)
        return 2;
    handle(SIGUSR1, on_signal, 0);
    for (int round = 0; round < 4; round++)
        *rounds += 1;
    if (*rounds != 4)
        abort();
    say("done\n");
    return 0;
}
