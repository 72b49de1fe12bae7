// siglab-expect: diagnosis = sent-to-parent
// siglab-expect: environments = Container NoAdmin
// kill(getppid(), SIGKILL), in Rust.

use nix::sys::signal::{Signal, kill};
use nix::unistd::getppid;

fn main() {
    kill(getppid(), Signal::SIGKILL).expect("it can be signalled");
    println!("done");
}
