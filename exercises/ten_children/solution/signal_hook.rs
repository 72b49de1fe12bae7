//! ten_children, solved with the signal-hook crate and alarm().
//!
//! signal-hook hands SIGCHLD and SIGALRM to ordinary code, as an iterator. Children that
//! have ended before it was set up have sent their SIGCHLD to nobody: so waitpid() is
//! asked before each wait.

use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork};
use signal_hook::consts::{SIGALRM, SIGCHLD};
use signal_hook::iterator::Signals;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

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

/// Reaps all that have ended.
fn reap(pids: &mut Vec<Pid>, failed: &mut u8) -> Result<(), String> {
    while !pids.is_empty() {
        let status = check("waitpid", waitpid(None, Some(WaitPidFlag::WNOHANG)))?;
        let Some(ended) = status.pid() else {
            break; // StillAlive
        };
        pids.retain(|&pid| pid != ended);
        if !matches!(status, WaitStatus::Exited(_, 0)) {
            *failed += 1;
        }
    }
    Ok(())
}

fn run() -> Result<u8, String> {
    let mut pids = check("fork", start())?;
    let mut failed = 0;
    let mut signals =
        Signals::new([SIGCHLD, SIGALRM]).map_err(|error| format!("sigaction: {error}"))?;
    alarm::set(7);

    reap(&mut pids, &mut failed)?;
    while !pids.is_empty() {
        for signal_number in signals.wait() {
            if signal_number == SIGALRM {
                for &pid in &pids {
                    check("kill", kill(pid, Signal::SIGKILL))?;
                }
            }
        }
        reap(&mut pids, &mut failed)?;
    }
    Ok(failed)
}

fn main() -> ExitCode {
    match run() {
        Ok(failed) => ExitCode::from(failed),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(100)
        }
    }
}
