//! Tests that keep all processors busy themselves take turns. Beside each other they starve:
//! the kernel groups processes by session (sched(7), autogroup), each program under siglab
//! has one of its own, and groups whose load changes all the time aren't served fairly.
//!
//! That is for `cargo test`, which runs the tests of a binary on threads of one process;
//! cargo-nextest is told by `.config/nextest.toml`.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits until none of the others runs; keep what this returns until the end of the test.
pub fn take() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // One that has failed has had its turn, too.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
