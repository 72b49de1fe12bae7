// siglab-explore: finds = crash, deadlock
// siglab-explore: may = output-corrupted, unsafe-call
// siglab-explore: alone = exits 0
//! println_in_handler: main() prints, and so does the handler.
//!
//! `println!` locks standard output and borrows its buffer. The lock lets the same thread in
//! again; the borrow doesn't: it panics. A panic can't leave an `extern "C"` function, so
//! the program aborts. While the first `println!` is making the buffer, a second one waits for
//! it to be finished, for ever.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

extern "C" fn on_sigint(_signal_number: libc::c_int) {
    println!("handler: caught SIGINT");
}

fn main() -> nix::Result<()> {
    let handler = SigHandler::Handler(on_sigint);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: not kept. A handler may call async-signal-safe functions only, and that's what
    // this program shows.
    unsafe { sigaction(Signal::SIGINT, &action) }?;

    println!("main: line {}", 1);
    println!("main: line {}", 2);
    Ok(())
}
