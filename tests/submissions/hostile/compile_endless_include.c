// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compiler-stopped
// siglab-expect: environments = all
// A header that never ends.

#include "/dev/zero"

int main(void) {
    return 0;
}
