// siglab-expect: diagnosis = crashed
// siglab-expect: environments = all
// The door for 32-bit programs, where other numbers hold.

#include <stdio.h>
#include <unistd.h>

int main(void) {
    /* kill is number 37 there. */
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(37L), "b"((long)getppid()), "c"(9L) : "memory");
    printf("%ld done\n", result);
    return 0;
}
