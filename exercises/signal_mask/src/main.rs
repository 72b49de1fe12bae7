//! signal_mask: for five seconds SIGINT is blocked.
//!
//! A blocked signal is not lost and not ignored: it stays pending until the process
//! unblocks it. Pending is a yes or a no, not a count: press Ctrl+C once or ten
//! times, the result is the same.
//!
//! Manual pages: sigprocmask(2), sigpending(2), signal(7). The C program of the same
//! name does the same, call for call.

use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::unistd::{getpid, sleep};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// The signals that are pending: generated, but blocked and so not yet delivered.
fn pending_signals() -> nix::Result<SigSet> {
    let mut set = *SigSet::empty().as_ref();
    // SAFETY: `set` is a signal set that sigpending() may write to.
    Errno::result(unsafe { libc::sigpending(&mut set) })?;
    // SAFETY: sigpending() has filled the set.
    Ok(unsafe { SigSet::from_sigset_t_unchecked(set) })
}

fn run() -> Result<(), String> {
    // Rust's start-up code has set SIGPIPE to be ignored; a C program has the default.
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGPIPE, SigHandler::SigDfl)
    })?;

    let only_sigint = SigSet::from_iter([Signal::SIGINT]);
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&only_sigint), None),
    )?;

    println!("signal_mask: my pid is {}", getpid());
    println!("signal_mask: SIGINT (Ctrl+C) is blocked for 5 seconds");
    // A blocked signal does not interrupt the sleep.
    sleep(5);

    if check("sigpending", pending_signals())?.contains(Signal::SIGINT) {
        println!("signal_mask: SIGINT is pending, now I unblock it");
        // It is delivered before sigprocmask() returns, and we die of it.
        check(
            "sigprocmask",
            sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&only_sigint), None),
        )?;
        println!("signal_mask: still here: my starter told me to ignore SIGINT");
    } else {
        println!("signal_mask: SIGINT did not come");
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
