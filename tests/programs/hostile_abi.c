/*
 * kill by other doors into the kernel: "int80" is the 32-bit one, "x32" numbers carry a
 * bit of their own. Arguments: which, and the target.
 */
#include "hostile_common.h"

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "int80";
    pid_t target = target_of(argc > 2 ? argv[2] : "parent");
    long result;

    if (strcmp(how, "int80") == 0) {
        const long kill_32 = 37;
        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(kill_32), "b"((long)target), "c"((long)SIGKILL)
                         : "memory", "r8", "r9", "r10", "r11");
    } else {
        const long x32 = 0x40000000;
        result = syscall(SYS_kill | x32, target, SIGKILL);
    }
    printf("got past it: %ld\n", result);
    return 0;
}
