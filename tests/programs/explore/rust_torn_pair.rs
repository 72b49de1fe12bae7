// siglab-explore: finds = crash
// siglab-explore: may = unsafe-call
// siglab-explore: alone = exits 0
//! Plain data behind `static mut`, one half at a time: what the type checker refuses without
//! `unsafe`, and a handler that notices.

use std::process::abort;
use std::ptr::{addr_of, addr_of_mut};

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
}

const SIGUSR2: i32 = 12;

static mut PAIR: (u64, u64) = (0, 0);

extern "C" fn on_sigusr2(_number: i32) {
    // SAFETY: not kept, as main may be in the middle of writing: that is the mistake.
    let (one, other) = unsafe { addr_of!(PAIR).read_volatile() };
    if one != other {
        abort();
    }
}

fn main() {
    // SAFETY: the handler makes no call but abort(3), which is async-signal-safe.
    assert_ne!(unsafe { signal(SIGUSR2, on_sigusr2) }, usize::MAX);
    for number in 1..=3 {
        // SAFETY: not kept, see above.
        unsafe { addr_of_mut!(PAIR.0).write_volatile(number) };
        // SAFETY: as above.
        unsafe { addr_of_mut!(PAIR.1).write_volatile(number) };
    }
    println!("three pairs");
}
