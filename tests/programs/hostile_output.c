/*
 * Output without end. Argument: "lines", "block" (64 MiB in one write) or "stderr".
 */
#include "hostile_common.h"

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "lines";
    const size_t size = 64 << 20;
    char *block = malloc(size);

    if (block == NULL)
        return 99;
    memset(block, 'x', size);
    for (;;) {
        if (strcmp(how, "block") == 0)
            check(write(STDOUT_FILENO, block, size), "write");
        else if (strcmp(how, "stderr") == 0)
            check(write(STDERR_FILENO, "and so on\n", 10), "write");
        else
            check(write(STDOUT_FILENO, "and so on\n", 10), "write");
    }
}
