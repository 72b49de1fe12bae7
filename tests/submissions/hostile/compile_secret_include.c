// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compile-error
// siglab-expect: hides = root:
// siglab-expect: needs = L1 | L3
// What can't be compiled is quoted in the message.

#include "/etc/shadow"

int main(void) {
    return 0;
}
