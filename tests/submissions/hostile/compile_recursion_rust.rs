// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compiler-stopped
// A macro without end.

macro_rules! again {
    ($($x:tt)*) => { again!($($x)* $($x)*) };
}

fn main() {
    again!(1);
}
