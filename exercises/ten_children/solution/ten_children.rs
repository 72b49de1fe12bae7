//! ten_children, solved with signalfd and poll().
//!
//! SIGCHLD is blocked before there is a child, so that none is lost. It only says that
//! something has happened to some of them: who has ended is asked of waitpid(), until it
//! knows nobody more.

use std::os::fd::AsFd;
use std::process::{ExitCode, exit};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// How long after the start the children are killed.
const DEADLINE: Duration = Duration::from_secs(7);

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

/// Reaps a child, with waitpid()'s flags, and takes it off the list. Was there one?
fn reap(pids: &mut Vec<Pid>, failed: &mut u8, flags: WaitPidFlag) -> Result<bool, String> {
    let status = check("waitpid", waitpid(None, Some(flags)))?;
    let Some(ended) = status.pid() else {
        return Ok(false); // StillAlive
    };
    pids.retain(|&pid| pid != ended);
    if !matches!(status, WaitStatus::Exited(_, 0)) {
        *failed += 1;
    }
    Ok(true)
}

/// Waits for SIGCHLD until the deadline. Is there still time?
fn wait_for_sigchld(signals: &SignalFd, deadline: Instant) -> Result<bool, String> {
    let rest = deadline.saturating_duration_since(Instant::now());
    if rest.is_zero() {
        return Ok(false);
    }
    // Milliseconds, rounded up: a poll that ends too early would be made again and again.
    let time = PollTimeout::try_from(rest + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
    let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, time) {
        Err(Errno::EINTR) => {} // we were stopped and continued, say
        result => {
            check("poll", result)?;
        }
    }
    check("read", signals.read_signal())?;
    Ok(true)
}

fn run() -> Result<u8, String> {
    let deadline = Instant::now() + DEADLINE;
    let sigchld = SigSet::from_iter([Signal::SIGCHLD]);
    check("sigprocmask", sigchld.thread_block())?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = check("signalfd", SignalFd::with_flags(&sigchld, flags))?;
    let mut pids = check("fork", start())?;
    let mut failed = 0;

    loop {
        while !pids.is_empty() && reap(&mut pids, &mut failed, WaitPidFlag::WNOHANG)? {}
        if pids.is_empty() || !wait_for_sigchld(&signals, deadline)? {
            break;
        }
    }
    for &pid in &pids {
        check("kill", kill(pid, Signal::SIGKILL))?;
    }
    while !pids.is_empty() {
        reap(&mut pids, &mut failed, WaitPidFlag::empty())?;
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
