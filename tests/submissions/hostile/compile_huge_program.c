// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compile-error | compiler-stopped
// A program of eight gibibytes.

char much[1L << 33] = {1};

int main(void) {
    return much[0];
}
