//! simple_handler: for five seconds this program handles SIGINT itself.
//!
//! In the first half Ctrl+C runs a function of ours, the handler. In the second
//! half SIGINT has its default disposition again, and Ctrl+C terminates.
//!
//! Manual pages: sigaction(2), signal(7), signal-safety(7). The C program of the
//! same name does the same, call for call.

use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction, signal};
use nix::unistd::{getpid, sleep};

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// Runs when SIGINT is delivered, wherever the program happens to be at that
/// moment: perhaps in the middle of a `println!`. So only async-signal-safe
/// functions may be called here. write() is one of them, `println!` is not.
extern "C" fn on_sigint(_signal_number: libc::c_int) {
    const LINE: &[u8] = b"handler: caught SIGINT\n";
    let saved_errno = Errno::last_raw(); // the interrupted code may be about to read it
    // SAFETY: LINE is valid for reads of its length.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, LINE.as_ptr().cast(), LINE.len()) };
    Errno::set_raw(saved_errno);
}

fn run() -> Result<(), String> {
    // Rust's start-up code has set SIGPIPE to be ignored; a C program has the default.
    // SAFETY: no handler is installed.
    check("signal", unsafe {
        signal(Signal::SIGPIPE, SigHandler::SigDfl)
    })?;

    println!("simple_handler: my pid is {}", getpid());
    println!("simple_handler: for 5 seconds I handle SIGINT (Ctrl+C) myself");

    // The empty set: block nothing more while the handler runs.
    let ours = SigAction::new(
        SigHandler::Handler(on_sigint),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: on_sigint calls async-signal-safe functions only.
    check("sigaction", unsafe { sigaction(Signal::SIGINT, &ours) })?;

    for second in 1..=5 {
        println!("simple_handler: {second} of 5");
        // A handled signal cuts this sleep short. std::thread::sleep would go on
        // sleeping until the second is over.
        sleep(1);
    }

    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    check("sigaction", unsafe { sigaction(Signal::SIGINT, &default) })?;
    println!("simple_handler: SIGINT has its default disposition again, for 5 seconds");
    sleep(5);

    println!("simple_handler: nothing more came, goodbye");
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
