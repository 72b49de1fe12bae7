/*
 * Asks for SIGIO when something is typed at standard input. The kernel makes a terminal's
 * foreground process group the owner, and that is siglab's when the terminal is.
 */
#include <fcntl.h>

#include "hostile_common.h"

int main(void)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    char byte;

    check(flags, "F_GETFL");
    signal(SIGIO, SIG_IGN);
    report("O_ASYNC", fcntl(STDIN_FILENO, F_SETFL, flags | O_ASYNC));
    report("read", read(STDIN_FILENO, &byte, 1));
    return 0;
}
