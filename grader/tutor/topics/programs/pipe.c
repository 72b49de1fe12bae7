/* Nobody can read from the pipe any more. */
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) == -1)
        return 1;
    close(ends[0]);
    write(ends[1], "lost", 4);
    return 0;
}
