// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compile-error
// The grader's environment as a part of the program.

fn main() {
    println!("{} done", env!("CARGO_MANIFEST_DIR"));
}
