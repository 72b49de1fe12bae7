// siglab-expect: full-marks = yes
// siglab-expect: environments = Container NoAdmin
// A correct program in Rust.

use std::process::Command;

fn main() {
    let status = Command::new("true").status().expect("there is a `true`");
    if status.success() {
        println!("done");
    }
}
