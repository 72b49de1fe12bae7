// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGINT = exits 0
//! atomics_only: the handler stores into an atomic, and main() does the rest.
//!
//! A lock-free atomic is the one kind of variable that a handler may change at any moment.
//! SIGINT is blocked while main() looks at it, and sigsuspend() unblocks it for exactly as
//! long as it waits, so no wake-up gets lost.

use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction};

static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn on_sigint(_signal_number: libc::c_int) {
    STOP.store(true, Ordering::Relaxed);
}

fn main() -> nix::Result<()> {
    let blocked = SigSet::from(Signal::SIGINT);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;

    let handler = SigHandler::Handler(on_sigint);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler makes no call at all.
    unsafe { sigaction(Signal::SIGINT, &action) }?;

    println!("main: waiting");
    while !STOP.load(Ordering::Relaxed) {
        before.suspend()?;
    }
    println!("main: stopped");
    Ok(())
}
