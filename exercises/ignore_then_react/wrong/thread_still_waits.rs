// siglab-wrong: fails = held-back
// siglab-wrong: because = The thread that waits for SIGINT still does so in the last phase, and takes what should stay pending.
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

const PHASE: Duration = Duration::from_secs(5);

fn set_disposition(disposition: SigHandler) {
    // SAFETY: only SIG_IGN and SIG_DFL are set here, no handler.
    unsafe { signal(Signal::SIGINT, disposition) }.expect("signal");
}

fn main() {
    let only_sigint = SigSet::from_iter([Signal::SIGINT]);

    set_disposition(SigHandler::SigIgn);
    println!("ignoring");
    thread::sleep(PHASE);

    only_sigint.thread_block().expect("pthread_sigmask");
    set_disposition(SigHandler::SigDfl);
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(only_sigint.wait()));
    println!("reacting");
    if receiver.recv_timeout(PHASE).is_ok() {
        return;
    }

    only_sigint.thread_unblock().expect("pthread_sigmask");
    println!("default");
    thread::sleep(PHASE);

    only_sigint.thread_block().expect("pthread_sigmask");
    println!("holding");
    thread::sleep(PHASE);

    only_sigint.thread_unblock().expect("pthread_sigmask");
}
