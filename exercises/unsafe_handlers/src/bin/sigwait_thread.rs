// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = waits
// siglab-explore: sent SIGTERM = exits 0
//! sigwait_thread: a thread that does nothing but wait for signals.
//!
//! All threads block the signals, and one accepts them with sigwait(). That isn't a handler:
//! it interrupts nobody, and may use `println!`, allocate and lock like any thread.

use std::thread;

use nix::sys::signal::{SigSet, Signal};

fn main() -> nix::Result<()> {
    let wanted: SigSet = [Signal::SIGUSR1, Signal::SIGTERM].into_iter().collect();
    // Before there is a second thread: new ones inherit the mask.
    wanted.thread_block()?;

    let signals = thread::spawn(move || {
        while wanted.wait()? == Signal::SIGUSR1 {
            println!("signal thread: SIGUSR1");
        }
        println!("signal thread: SIGTERM");
        nix::Result::Ok(())
    });
    println!("main: waiting");
    signals.join().expect("the thread doesn't panic")?;
    println!("main: stopped");
    Ok(())
}
