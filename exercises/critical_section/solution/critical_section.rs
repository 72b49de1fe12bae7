//! critical_section, solved with the signal mask.
//!
//! Both signals are blocked while the fields don't belong together, and afterwards the mask
//! is what it was before: whoever calls may have reasons of its own to block them.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::sleep; // goes on when a handler has run
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction};

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

/// The signals whose handlers look at the fields.
fn watchers() -> SigSet {
    SigSet::from_iter([Signal::SIGUSR1, Signal::SIGUSR2])
}

/// Is this signal pending? nix has no sigpending().
fn is_pending(signal: Signal) -> nix::Result<bool> {
    let mut pending = *SigSet::empty().as_ref();
    // SAFETY: `pending` may be written to.
    Errno::result(unsafe { libc::sigpending(&mut pending) })?;
    // SAFETY: `pending` is a valid set.
    Ok(unsafe { libc::sigismember(&pending, signal as libc::c_int) } == 1)
}

/// Moves some coins from left to right. It takes its time, and nobody sees the middle.
fn move_coins() -> nix::Result<()> {
    let before = watchers().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    LEFT.fetch_sub(PORTION, SeqCst);
    sleep(Duration::from_millis(200));
    RIGHT.fetch_add(PORTION, SeqCst);
    for signal in &watchers() {
        if is_pending(signal)? {
            put_line(format_args!("{signal} waited"));
        }
    }
    before.thread_set_mask()
}

fn run() -> nix::Result<()> {
    let hold = std::env::args().nth(1).as_deref() == Some("hold");
    install(Signal::SIGUSR1, show_fields)?;
    install(Signal::SIGUSR2, show_total)?;

    let before = SigSet::thread_get_mask()?;
    if hold {
        watchers().thread_block()?;
    }
    for _ in 0..MOVES {
        move_coins()?;
        sleep(Duration::from_millis(300));
    }
    before.thread_set_mask()
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
