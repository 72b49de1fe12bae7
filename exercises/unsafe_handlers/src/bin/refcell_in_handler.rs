// siglab-explore: finds = crash
// siglab-explore: may = deadlock, unsafe-call
// siglab-explore: alone = exits 0
//! refcell_in_handler: main() and the handler borrow the same `RefCell`.
//!
//! A thread-local variable is no way out: the handler runs in the thread that it interrupts.
//! If main() has the borrow, the handler panics, and as a panic can't leave an `extern "C"`
//! function, the program aborts.

use std::cell::RefCell;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

thread_local! {
    static NAMES: RefCell<[u8; 8]> = const { RefCell::new([0; 8]) };
}

fn note(at: usize) {
    NAMES.with_borrow_mut(|names| names[at % names.len()] += 1);
}

extern "C" fn on_sighup(signal_number: libc::c_int) {
    note(signal_number.unsigned_abs() as usize);
}

fn main() -> nix::Result<()> {
    let handler = SigHandler::Handler(on_sighup);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: not kept. A handler may call async-signal-safe functions only, and that's what
    // this program shows.
    unsafe { sigaction(Signal::SIGHUP, &action) }?;

    for at in 0..3 {
        note(at);
    }
    println!("main: noted three times");
    Ok(())
}
