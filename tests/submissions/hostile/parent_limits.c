// siglab-expect: diagnosis = forbidden-call
// siglab-expect: environments = all
// A limit on processor time, for the grader.

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void) {
    struct rlimit none = {0, 0};
    if (prlimit(getppid(), RLIMIT_CPU, &none, NULL) != 0) {
        perror("prlimit");
        return 1;
    }
    puts("done");
    return 0;
}
