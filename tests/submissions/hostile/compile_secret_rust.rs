// siglab-expect: status = compile-error
// siglab-expect: diagnosis = compile-error
// siglab-expect: hides = root:
// siglab-expect: environments = Container NoAdmin
// A file of the machine as a part of the program.

fn main() {
    println!("{} done", include_str!("/etc/shadow"));
}
