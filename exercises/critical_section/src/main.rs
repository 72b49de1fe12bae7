//! critical_section: two fields that belong together.
//!
//! Forty coins lie in two fields, left and right. Four times main() moves ten of them,
//! and each move takes 0.2 s, with 0.3 s of rest after it. SIGUSR1 and SIGUSR2 ask what
//! is in the fields, and their handlers answer at once: in the middle of a move, too,
//! when ten coins are in neither field.
//!
//! The exercise: README.md. Change move_coins() and, for `hold`, run().
//!
//! Manual pages: sigsetops(3), sigprocmask(2), sigpending(2), signal-safety(7).

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::sleep; // goes on when a handler has run
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

const COINS: i32 = 40;
const PORTION: i32 = 10;
const MOVES: u32 = 4;

/// Atomics, because handlers read them. That does not make one thing of two.
static LEFT: AtomicI32 = AtomicI32::new(COINS);
static RIGHT: AtomicI32 = AtomicI32::new(0);

/// Writes a line, and nothing that allocates or locks: println!() is not for handlers.
fn put_line(line: std::fmt::Arguments<'_>) {
    let mut text = [0_u8; 64];
    let mut rest = &mut text[..];
    if writeln!(rest, "{line}").is_err() {
        return; // the line is too long
    }
    let length = 64 - rest.len();
    // SAFETY: `text` is valid for reads of that length.
    let _nobody_to_tell = unsafe { libc::write(libc::STDOUT_FILENO, text.as_ptr().cast(), length) };
}

/// SIGUSR1: what is in each field.
extern "C" fn show_fields(_signal_number: libc::c_int) {
    let saved_errno = Errno::last_raw();
    let (left, right) = (LEFT.load(SeqCst), RIGHT.load(SeqCst));
    put_line(format_args!("left {left}, right {right}"));
    Errno::set_raw(saved_errno);
}

/// SIGUSR2: what is in both together.
extern "C" fn show_total(_signal_number: libc::c_int) {
    let saved_errno = Errno::last_raw();
    let total = LEFT.load(SeqCst) + RIGHT.load(SeqCst);
    put_line(format_args!("total {total}"));
    Errno::set_raw(saved_errno);
}

fn install(signal: Signal, handler: extern "C" fn(libc::c_int)) -> nix::Result<()> {
    let action = SigAction::new(
        SigHandler::Handler(handler),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handlers call async-signal-safe functions only.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// Moves some coins from left to right. It takes its time.
fn move_coins() -> nix::Result<()> {
    LEFT.fetch_sub(PORTION, SeqCst);
    sleep(Duration::from_millis(200));
    RIGHT.fetch_add(PORTION, SeqCst);
    Ok(())
}

fn run() -> nix::Result<()> {
    let _hold = std::env::args().nth(1).as_deref() == Some("hold"); // not looked at yet
    install(Signal::SIGUSR1, show_fields)?;
    install(Signal::SIGUSR2, show_total)?;

    for _ in 0..MOVES {
        move_coins()?;
        sleep(Duration::from_millis(300));
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errno) => {
            eprintln!("critical_section: {}", errno.desc());
            ExitCode::FAILURE
        }
    }
}
