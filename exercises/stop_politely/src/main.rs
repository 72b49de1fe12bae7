//! stop_politely: a supervisor that stops its job politely.
//!
//! The job is a process with a process group of its own, and some jobs have a helper, a
//! process that is in the same group. What kind of job it is, the first argument says:
//!
//! - `polite`: on SIGTERM it cleans up for 0.5 s and exits with status 3
//! - `slow`: the same, but it takes 1.9 s
//! - `stubborn`: ignores SIGTERM, and so does its helper
//! - `family`: the job is polite, its helper ignores SIGTERM
//! - `team`: the job ignores SIGTERM and ends when its helper, which is polite, has ended
//! - `quick`: after 1 s it exits with status 7
//!
//! The exercise: write supervise(). What it has to do is in README.md. Add imports,
//! statics, functions and handlers as you need them. Do not change job(), nor what it
//! calls.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pause, setpgid};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// From now on SIGTERM is ignored.
fn ignore_sigterm() -> Result<(), String> {
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGTERM, SigHandler::SigIgn)
    })?;
    Ok(())
}

/// Ignores SIGTERM and never ends.
fn be_stubborn() -> Result<u8, String> {
    ignore_sigterm()?;
    loop {
        pause();
    }
}

/// Waits for SIGTERM, cleans up for so long and exits with status 3.
fn be_polite(time: Duration) -> Result<u8, String> {
    let waited_for = SigSet::from_iter([Signal::SIGTERM]);
    check("pthread_sigmask", waited_for.thread_block())?;
    check("sigwait", waited_for.wait())?;
    println!("cleaning up");
    sleep(time);
    println!("done");
    Ok(3)
}

/// Ends when the helper has ended, with its exit status.
fn wait_for_helper(helper: Pid) -> Result<u8, String> {
    ignore_sigterm()?;
    match check("waitpid", waitpid(helper, None))? {
        WaitStatus::Exited(_, status) => Ok(status as u8),
        _ => Ok(1),
    }
}

/// What the job does. Do not change this function.
fn job(kind: &str) -> Result<u8, String> {
    let half_a_second = Duration::from_millis(500);
    if kind == "quick" {
        sleep(Duration::from_secs(1));
        return Ok(7);
    }
    if matches!(kind, "family" | "team" | "stubborn") {
        // SAFETY: there is one thread only, so the child may call anything.
        match check("fork", unsafe { fork() })? {
            ForkResult::Child if kind == "team" => return be_polite(half_a_second),
            ForkResult::Child => return be_stubborn(),
            ForkResult::Parent { child } if kind == "team" => return wait_for_helper(child),
            ForkResult::Parent { .. } => {}
        }
    }
    match kind {
        "stubborn" => be_stubborn(),
        "slow" => be_polite(Duration::from_millis(1900)),
        _ => be_polite(half_a_second),
    }
}

/// Returns what the program exits with. `job` is also the job's process group.
fn supervise(job: Pid) -> Result<u8, String> {
    check("waitpid", waitpid(job, None))?;
    Ok(0)
}

fn run() -> Result<u8, String> {
    let kind = std::env::args().nth(1).unwrap_or("polite".to_owned());
    // SAFETY: there is one thread only, so the child may call anything.
    match check("fork", unsafe { fork() })? {
        ForkResult::Child => {
            check("setpgid", setpgid(Pid::from_raw(0), Pid::from_raw(0)))?;
            job(&kind)
        }
        ForkResult::Parent { child } => {
            // Both do it, for nobody knows who comes first.
            check("setpgid", setpgid(child, child))?;
            supervise(child)
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
