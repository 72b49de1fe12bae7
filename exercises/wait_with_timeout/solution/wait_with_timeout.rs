//! wait_with_timeout, solved with sigtimedwait(), for which nix has no function.
//!
//! The signals are blocked once, before the loop, and stay so: whatever comes between two
//! waits stays pending, and the next wait takes it. The limit is a moment, not a
//! duration: each wait gets what is left until then.

use std::process::ExitCode;
use std::ptr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeSpec;

/// How long the program waits for a beat.
const LIMIT: Duration = Duration::from_secs(2);

/// The exit status when there was no beat.
const TOO_LATE: u8 = 3;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// Takes a signal of `set`. Waits for one until the deadline; `None` if none came.
fn next_signal(set: &SigSet, deadline: Instant) -> Result<Option<Signal>, String> {
    loop {
        let left = TimeSpec::from_duration(deadline.saturating_duration_since(Instant::now()));
        // SAFETY: set and time-out are valid, and the siginfo is not asked for.
        let number = unsafe { libc::sigtimedwait(set.as_ref(), ptr::null_mut(), left.as_ref()) };
        return match Errno::result(number).and_then(Signal::try_from) {
            Err(Errno::EINTR) => continue, // we were stopped and continued, say
            Err(Errno::EAGAIN) => Ok(None),
            result => check("sigtimedwait", result).map(Some),
        };
    }
}

fn run() -> Result<ExitCode, String> {
    let mut deadline = Instant::now() + LIMIT;
    let set = SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGTERM]);
    check("sigprocmask", set.thread_block())?;

    let mut beats = 0;
    loop {
        match next_signal(&set, deadline)? {
            Some(Signal::SIGUSR1) => {
                beats += 1;
                deadline = Instant::now() + LIMIT;
            }
            Some(Signal::SIGUSR2) => println!("beats: {beats}"),
            Some(_sigterm) => return Ok(ExitCode::SUCCESS),
            None => return Ok(ExitCode::from(TOO_LATE)),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
