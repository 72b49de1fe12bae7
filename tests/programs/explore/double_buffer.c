// siglab-explore: clean
// siglab-explore: alone = exits 0
// Two copies of a structure and an atomic index: main prepares the copy that nobody reads, and
// changes over in one step. The handler reads the current one, at any moment.
#include "explore.h"

struct state {
    long number, square;
};
static struct state copies[2] = {{1, 1}, {1, 1}};
static atomic_int current;

static void on_sigusr1(int number) {
    const struct state *now = &copies[atomic_load(&current)];
    (void)number;
    if (now->square != now->number * now->number)
        abort();
}

int main(void) {
    handle(SIGUSR1, on_sigusr1, SA_RESTART);
    for (long number = 2; number <= 5; number++) {
        int other = !atomic_load(&current);
        copies[other].number = number;
        copies[other].square = number * number;
        atomic_store(&current, other);
    }
    say("changed over four times\n");
}
