//! ten_children: a parent of ten children that reaps them all, and never waits for ever.
//!
//! The exercise. Change what the parent does after it has started the children:
//!   1. it reaps each child at once when that has ended, also if several end together;
//!   2. it exits as soon as all ten are reaped; its status is the number of children that
//!      failed: exited with another status than 0, or were killed;
//!   3. 7 seconds after the start it kills those that are left with SIGKILL, reaps them,
//!      and exits; they have failed, too.
//!
//! Leave child() as it is.
//!
//! Manual pages: waitpid(2), sigprocmask(2), signalfd(2), signal(7).

use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

use nix::unistd::{ForkResult, Pid, fork};

/// How many children there are.
const CHILDREN: usize = 10;

/// What child `number` does: it sleeps for half a second times its number. Two of them fail.
fn child(number: usize) -> i32 {
    thread::sleep(Duration::from_millis(500 * number as u64));
    match number {
        4 => 1,
        8 => 3,
        _ => 0,
    }
}

/// Starts the children, and returns their pids.
fn start() -> nix::Result<Vec<Pid>> {
    let mut pids = Vec::new();
    for number in 1..=CHILDREN {
        // SAFETY: there is one thread only, so the child may call anything.
        match unsafe { fork() }? {
            ForkResult::Child => exit(child(number)),
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    Ok(pids)
}

fn main() -> ExitCode {
    let pids = match start() {
        Ok(pids) => pids,
        Err(errno) => {
            eprintln!("fork: {}", errno.desc());
            return ExitCode::FAILURE;
        }
    };

    // The parent leaves without waiting for anybody. Your work begins here.
    println!(
        "parent: started {CHILDREN} children, the first is {}",
        pids[0]
    );
    ExitCode::SUCCESS
}
