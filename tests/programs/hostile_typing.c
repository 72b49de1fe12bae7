/*
 * Types at its terminal in somebody's name: a shell would run what it finds there.
 */
#include <sys/ioctl.h>

#include "hostile_common.h"

int main(void)
{
    report("TIOCSTI", ioctl(STDIN_FILENO, TIOCSTI, "x"));
    return 0;
}
