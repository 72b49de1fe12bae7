// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGHUP = waits
// siglab-explore: sent SIGTERM = exits 0
//! signal_hook_iterator: signals as values, by signal-hook's iterator.
//!
//! The crate's handler sets a flag for each signal and writes a byte into a pipe; the iterator
//! reads the pipe. The body of the loop is ordinary code: it may print, allocate, lock.
//!
//! The crate installs its handler first, and then notes what the handler shall do. A signal that
//! comes in between would be lost, so both are blocked until all is set up.

use std::io;

use nix::sys::signal::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> io::Result<()> {
    let wanted: SigSet = [Signal::SIGHUP, Signal::SIGTERM].into_iter().collect();
    wanted.thread_block()?;
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    wanted.thread_unblock()?;

    println!("main: waiting");
    for signal in signals.forever() {
        match signal {
            SIGHUP => println!("main: asked to reload"),
            _ => break,
        }
    }
    println!("main: stopped");
    Ok(())
}
