//! ignore_then_react, solved with dispositions: ignore, a handler, default; then a mask.
//!
//! The handler ends the program itself. So there is no flag that somebody would have to
//! look at, and no moment at which a signal could be missed.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask,
};

/// How long each phase takes.
const PHASE: Duration = Duration::from_secs(5);

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// std::process::exit would run functions that are not async-signal-safe; _exit() does not.
extern "C" fn leave(_signal_number: libc::c_int) {
    // SAFETY: _exit is async-signal-safe.
    unsafe { libc::_exit(0) }
}

fn set_disposition(handler: SigHandler) -> Result<(), String> {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: `leave`, the only handler, calls async-signal-safe functions only.
    check("sigaction", unsafe { sigaction(Signal::SIGINT, &action) })?;
    Ok(())
}

fn run() -> Result<(), String> {
    let only_sigint = SigSet::from_iter([Signal::SIGINT]);

    set_disposition(SigHandler::SigIgn)?;
    println!("ignoring");
    thread::sleep(PHASE);

    set_disposition(SigHandler::Handler(leave))?;
    println!("reacting");
    thread::sleep(PHASE);

    set_disposition(SigHandler::SigDfl)?;
    println!("default");
    thread::sleep(PHASE);

    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&only_sigint), None),
    )?;
    println!("holding");
    thread::sleep(PHASE);

    // If one is pending, its default action comes now: this call does not return.
    check(
        "sigprocmask",
        sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&only_sigint), None),
    )
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
