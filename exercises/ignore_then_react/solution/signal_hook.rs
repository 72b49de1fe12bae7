//! ignore_then_react, solved with the signal-hook crate, as far as it goes.
//!
//! A thread hears of SIGINT as a value of an iterator, and ends the program: there is no
//! handler of our own. signal-hook can neither ignore a signal nor give it back (after
//! `Handle::close` its handler stays, and does nothing), so nix does that.

use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

/// How long each phase takes.
const PHASE: Duration = Duration::from_secs(5);

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

fn set_disposition(disposition: SigHandler) -> Result<(), String> {
    // SAFETY: only SIG_IGN and SIG_DFL are set here, no handler.
    check("signal", unsafe { signal(Signal::SIGINT, disposition) })?;
    Ok(())
}

fn run() -> Result<(), String> {
    set_disposition(SigHandler::SigIgn)?;
    println!("ignoring");
    thread::sleep(PHASE);

    let mut signals = Signals::new([SIGINT]).map_err(|error| format!("sigaction: {error}"))?;
    let handle = signals.handle();
    let listener = thread::spawn(move || {
        if signals.forever().next().is_some() {
            exit(0);
        }
    });
    println!("reacting");
    thread::sleep(PHASE);

    set_disposition(SigHandler::SigDfl)?;
    handle.close();
    listener.join().map_err(|_| "the listener panicked")?;
    println!("default");
    thread::sleep(PHASE);

    // This is the only thread again, so its mask is the whole program's.
    let only_sigint = SigSet::from_iter([Signal::SIGINT]);
    check("pthread_sigmask", only_sigint.thread_block())?;
    println!("holding");
    thread::sleep(PHASE);

    // If one is pending, its default action comes now.
    check("pthread_sigmask", only_sigint.thread_unblock())
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
