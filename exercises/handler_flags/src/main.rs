//! handler_flags: what the flags of sigaction() change.
//!
//! The argument says which one: defer, nest, once, children, info, signal or error. The exact
//! rules are in README.md.
//!
//! Manual pages: sigaction(2), signal(2), signal(7), wait(2), signal-safety(7).

use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::pause;

/// Names the call in the error, as perror() does in C.
fn check<T>(call: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{call}: {}", errno.desc()))
}

/// write(), which handlers may call; there is nobody to tell if it fails.
fn put(text: &[u8]) {
    // SAFETY: `text` is valid for reads of its length.
    let _nobody_to_tell =
        unsafe { libc::write(libc::STDOUT_FILENO, text.as_ptr().cast(), text.len()) };
}

/// The handler of SIGUSR1 and SIGUSR2: half a second of work, between two lines.
extern "C" fn work(signal: libc::c_int) {
    let saved_errno = Errno::last_raw();
    let is_first = signal == libc::SIGUSR1;
    let mut left = libc::timespec {
        tv_sec: 0,
        tv_nsec: 500_000_000,
    };
    put(if is_first {
        b"SIGUSR1 begins\n"
    } else {
        b"SIGUSR2 begins\n"
    });
    // If another handler interrupts it, it goes on with what is left.
    // SAFETY: both pointers are to a valid timespec.
    while unsafe { libc::nanosleep(&left, &mut left) } == -1 && Errno::last() == Errno::EINTR {}
    put(if is_first {
        b"SIGUSR1 ends\n"
    } else {
        b"SIGUSR2 ends\n"
    });
    Errno::set_raw(saved_errno);
}

/// Installs work(): neither SIGUSR1 nor SIGUSR2 interrupts it.
fn defer() -> Result<(), String> {
    // Your code
    let action = SigAction::new(SigHandler::Handler(work), SaFlags::empty(), SigSet::empty());
    // SAFETY: work() calls async-signal-safe functions only.
    check("sigaction", unsafe { sigaction(Signal::SIGUSR1, &action) })?;
    Ok(())
}

/// Installs work() with SA_NODEFER: whatever comes interrupts it.
fn nest() -> Result<(), String> {
    // Your code
    Ok(())
}

/// Installs work() with SA_RESETHAND: for one signal.
fn once() -> Result<(), String> {
    // Your code
    Ok(())
}

/// Installs a handler with SA_SIGINFO, which tells the value that came with SIGUSR1.
fn info() -> Result<(), String> {
    // Your code
    Ok(())
}

/// Three children that nobody has to wait for: SA_NOCLDWAIT.
fn children() -> Result<ExitCode, String> {
    // Your code
    Ok(ExitCode::SUCCESS)
}

/// signal(), the same on every system: the handler stays, the signal and no other is blocked
/// while it runs, and interrupted calls go on. Returns the handler before.
fn portable_signal(signal: Signal, handler: SigHandler) -> nix::Result<SigHandler> {
    // Your code
    let _ = signal;
    Ok(handler)
}

/// Tries portable_signal(), then prints what comes on standard input.
fn try_signal() -> Result<ExitCode, String> {
    // Your code
    check(
        "sigaction",
        portable_signal(Signal::SIGUSR1, SigHandler::Handler(work)),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Tries portable_signal() for SIGKILL, which can't be caught.
fn try_error() -> Result<ExitCode, String> {
    // Your code
    Ok(ExitCode::SUCCESS)
}

fn run() -> Result<ExitCode, String> {
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "children" => return children(),
        "signal" => return try_signal(),
        "error" => return try_error(),
        "defer" => defer()?,
        "nest" => nest()?,
        "once" => once()?,
        "info" => info()?,
        other => return Err(format!("no mode `{other}`")),
    }
    loop {
        pause(); // until a signal kills us
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
