// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
//! signal_hook_flag: the crate signal-hook installs a handler that sets a flag of ours.
//!
//! No `unsafe` here: what runs in the handler is the crate's. A flag alone can't wake
//! anybody, so waiting for it is up to us: see atomics_only.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

fn main() -> Result<(), Box<dyn Error>> {
    let blocked = SigSet::from(Signal::SIGTERM);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;

    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop))?;

    println!("main: waiting");
    while !stop.load(Ordering::Relaxed) {
        before.suspend()?;
    }
    println!("main: stopped");
    Ok(())
}
