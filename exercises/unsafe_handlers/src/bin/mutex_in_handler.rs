// siglab-explore: finds = deadlock
// siglab-explore: may = unsafe-call
// siglab-explore: alone = exits 0
//! mutex_in_handler: main() and the handler share data behind a `Mutex`.
//!
//! The type checker is content, but a handler isn't a thread: if main() holds the lock, it
//! can't go on, and give it back, before the handler has returned.

use std::sync::Mutex;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static COUNTER: Mutex<u32> = Mutex::new(0);

fn count() {
    if let Ok(mut counter) = COUNTER.lock() {
        *counter += 1;
    }
}

extern "C" fn on_sigusr1(_signal_number: libc::c_int) {
    count();
}

fn main() -> nix::Result<()> {
    let handler = SigHandler::Handler(on_sigusr1);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: not kept. A handler may call async-signal-safe functions only, and that's what
    // this program shows.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;

    for _ in 0..3 {
        count();
    }
    println!("main: counted three rounds");
    Ok(())
}
