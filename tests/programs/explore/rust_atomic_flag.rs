// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGUSR1 = exits 0
//! An `AtomicBool`, and sigsuspend(2) with the signal blocked at all other times.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

/// As large as glibc's `sigset_t`.
type SigSet = [u64; 16];

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn sigprocmask(how: i32, set: *const SigSet, before: *mut SigSet) -> i32;
    fn sigsuspend(set: *const SigSet) -> i32;
}

const SIGUSR1: i32 = 10;
const SIG_BLOCK: i32 = 0;

static CAUGHT: AtomicBool = AtomicBool::new(false);

extern "C" fn on_sigusr1(_number: i32) {
    CAUGHT.store(true, Ordering::SeqCst);
}

fn main() {
    let mut only: SigSet = [0; 16];
    only[0] = 1 << (SIGUSR1 - 1);
    let mut before: SigSet = [0; 16];
    // SAFETY: both sets are as large as sigprocmask(3) expects, and live.
    assert_eq!(unsafe { sigprocmask(SIG_BLOCK, &only, &mut before) }, 0);
    // SAFETY: the handler makes no call.
    assert_ne!(unsafe { signal(SIGUSR1, on_sigusr1) }, usize::MAX);
    println!("waiting");
    while !CAUGHT.load(Ordering::SeqCst) {
        // SAFETY: the set is live.
        unsafe { sigsuspend(&before) };
    }
    // SAFETY: as above; nobody asks for the mask from before.
    unsafe { sigprocmask(SIG_BLOCK, &only, null_mut()) };
    println!("caught");
}
