/* Reads its standard input, to the end. */
#include <unistd.h>

int main(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) == 1) {
    }
    return 0;
}
