// siglab-explore: finds = deadlock
// siglab-explore: may = crash, unsafe-call
// siglab-explore: alone = exits 0
//! allocation_in_handler: main() and the handler both use a `Vec`.
//!
//! `Vec`, `String`, `Box` and `format!` allocate, and give back what they allocated when they
//! are dropped. Both is malloc() and free() in the end, which take a lock in a program that
//! has more than one thread.

use std::hint::black_box;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// More than what glibc keeps ready for each thread without a lock.
const SIZE: usize = 2000;

extern "C" fn on_sigint(_signal_number: libc::c_int) {
    black_box(vec![b'h'; SIZE]);
}

fn main() -> nix::Result<()> {
    // From here on this is a program that has had two threads: malloc() takes locks.
    let second = std::thread::spawn(|| {});
    if second.join().is_err() {
        return Err(nix::errno::Errno::EAGAIN);
    }

    let handler = SigHandler::Handler(on_sigint);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: not kept. A handler may call async-signal-safe functions only, and that's what
    // this program shows.
    unsafe { sigaction(Signal::SIGINT, &action) }?;

    for round in 1..=3_u8 {
        black_box(vec![round; SIZE]);
    }
    println!("main: three vectors came and went");
    Ok(())
}
