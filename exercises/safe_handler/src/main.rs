//! safe_handler: a journal that is written while signals come.
//!
//! Every half second it writes a tick, four times. SIGUSR1 adds a note, SIGTERM ends the
//! program.
//! Until now the handler itself did that: it allocates, prints and locks a mutex, which
//! goes well until a signal comes while main() does the same.
//!
//! The exercise: README.md. Write run_flag(), run_thread() and run_fd().
//!
//! Manual pages: signal-safety(7), sigsuspend(2), pselect(2), sigwait(3), signalfd(2).

use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

const TICK: Duration = Duration::from_millis(500);
const LAST_TICK: u32 = 4;

/// The journal: what is in it is on the heap.
struct Journal {
    ticks: u32,
    notes: Vec<u32>,
}

static JOURNAL: Mutex<Journal> = Mutex::new(Journal {
    ticks: 0,
    notes: Vec::new(),
});

/// The journal, for one at a time.
fn journal() -> MutexGuard<'static, Journal> {
    JOURNAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What SIGUSR1 asks for: one more note.
fn add_note() {
    let mut journal = journal();
    let number = journal.notes.last().map_or(1, |last| last + 1);
    journal.notes.push(number);
    println!("note {number}");
}

/// The end: SIGTERM asks for it.
fn finish() -> ! {
    let journal = journal();
    println!("notes: {}", journal.notes.len());
    std::process::exit(0);
}

/// The program's regular work: one more tick, and the end after the last one.
fn tick() {
    let mut journal = journal();
    journal.ticks += 1;
    println!("tick {}", journal.ticks);
    let is_last = journal.ticks == LAST_TICK;
    drop(journal);
    if is_last {
        finish();
    }
}

/// How it was until now. Everything in this handler is forbidden in handlers.
extern "C" fn on_signal(signal_number: libc::c_int) {
    if signal_number == libc::SIGUSR1 {
        add_note();
    } else {
        finish();
    }
}

fn run_unsafe() -> nix::Result<()> {
    let action = SigAction::new(
        SigHandler::Handler(on_signal),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: there is none: this handler isn't async-signal-safe.
    unsafe {
        sigaction(Signal::SIGUSR1, &action)?;
        sigaction(Signal::SIGTERM, &action)?;
    }
    loop {
        std::thread::sleep(TICK); // goes on when a handler has run
        tick();
    }
}

/// A handler that only stores into flags; the loop does the work.
fn run_flag() -> nix::Result<()> {
    Ok(())
}

/// No handler: one thread accepts the signals, another one ticks.
fn run_thread() -> nix::Result<()> {
    Ok(())
}

/// Signals are an input among others: SignalFd, or a pipe that a handler writes into.
fn run_fd() -> nix::Result<()> {
    Ok(())
}

fn main() -> ExitCode {
    let design = std::env::args().nth(1).unwrap_or_default();
    let result = match design.as_str() {
        "flag" => run_flag(),
        "thread" => run_thread(),
        "fd" => run_fd(),
        _ => run_unsafe(),
    };
    if let Err(errno) = result {
        eprintln!("safe_handler: {}", errno.desc());
    }
    ExitCode::FAILURE // finish() exits
}
