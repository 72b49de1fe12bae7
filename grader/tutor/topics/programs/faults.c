/* Something that the processor can't do. The argument says what. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "segv";
    volatile int zero = 0;
    volatile int *volatile place = NULL;
    if (strcmp(what, "fpe") == 0)
        return 7 / zero;
    if (strcmp(what, "ill") == 0)
        __builtin_trap();
    if (strcmp(what, "abrt") == 0)
        abort();
    if (strcmp(what, "bus") == 0)    /* a file of no bytes, mapped: there is nothing behind it */
        place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_create("empty", 0), 0);
    *place = 1;
    return 0;
}
