// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compile-error
// A file that includes itself.

#include __FILE__

int main(void) {
    return 0;
}
