// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compiler-stopped | compile-error
// siglab-expect: environments = all
// A few lines that become gigabytes.

#define A(x) x x x x x x x x x x
#define B(x) A(A(A(A(A(A(A(A(A(x)))))))))

int numbers[] = {B(B(1,))};

int main(void) {
    return numbers[0];
}
