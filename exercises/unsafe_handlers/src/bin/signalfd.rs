// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = waits
// siglab-explore: sent SIGINT = exits 0
//! signalfd: signals are blocked, and read from a descriptor.
//!
//! There is no handler, so nothing is interrupted. The descriptor fits into an event loop with
//! poll() or epoll.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

fn main() -> nix::Result<()> {
    let wanted: SigSet = [Signal::SIGINT, Signal::SIGUSR1].into_iter().collect();
    // First of all, so that none is delivered with its default action.
    wanted.thread_block()?;
    let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC)?;

    println!("main: waiting");
    while let Some(info) = signals.read_signal()? {
        if info.ssi_signo == Signal::SIGINT as u32 {
            break;
        }
        println!("main: SIGUSR1");
    }
    println!("main: stopped");
    Ok(())
}
