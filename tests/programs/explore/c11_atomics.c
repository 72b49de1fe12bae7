// siglab-explore: clean
// siglab-explore: alone = exits 0
// A counter and a high-water mark, both changed by main and by the handler: read-modify-write
// and compare-and-exchange, lock-free.
#include "explore.h"

static atomic_long count, highest;

static void add(long amount) {
    long now = atomic_fetch_add(&count, amount) + amount;
    long seen = atomic_load(&highest);
    while (seen < now && !atomic_compare_exchange_weak(&highest, &seen, now))
        ;
}

static void on_sigusr1(int number) {
    (void)number;
    add(1);
}

int main(void) {
    if (!atomic_is_lock_free(&count))
        return 2;
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (int round = 0; round < 3; round++)
        add(10);
    block(SIGUSR1);
    say(count == highest && count >= 30 ? "count and mark agree\n" : "an update was lost\n");
}
