//! ignore_then_react: four ways to meet SIGINT, five seconds each.
//!
//! The exercise. The four phases are there, and so are their lines. Add what each of
//! them does about SIGINT:
//!   - ignoring: SIGINT is ignored, so the kernel throws it away;
//!   - reacting: SIGINT makes the program leave at once, with status 0;
//!   - default: SIGINT kills the program, as it kills any other;
//!   - holding: SIGINT is not delivered, but kept. At the end of this phase the program
//!     dies of a SIGINT that was kept; without one it exits with status 0.
//!
//! Manual pages: sigaction(2), signal(7), sigprocmask(2).

use std::thread;
use std::time::Duration;

/// How long each phase takes.
const PHASE: Duration = Duration::from_secs(5);

fn main() {
    println!("ignoring");
    thread::sleep(PHASE);

    println!("reacting");
    thread::sleep(PHASE);

    println!("default");
    thread::sleep(PHASE);

    println!("holding");
    thread::sleep(PHASE);
}
