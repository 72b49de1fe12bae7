// siglab-test: outcomes = one
// Many calls in a process that has mapped terabytes, as those with a sanitizer do: what is
// looked at of it is bounded.
#include "observe.h"
#include <sys/mman.h>

int main(void) {
    const size_t size = (size_t)16 << 40;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    memory[size / 2] = 1;
    for (int i = 0; i < 5000; i++)
        MUST(kill(getpid(), 0));
    say("done\n");
}
