//! One processor for a tracer and its tracees: a ptrace stop then costs a quarter.

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::{Pid, Result};

/// Pins the calling thread, and what it forks, to the processor that it is on. Returns the
/// processors on which it was allowed before.
pub(crate) fn pin() -> Result<CpuSet> {
    let this = Pid::from_raw(0);
    let before = sched_getaffinity(this)?;
    let mut one = CpuSet::new();
    one.set(sched_getcpu()?)?;
    sched_setaffinity(this, &one)?;
    Ok(before)
}

/// Lets others on this processor run first: with tracer and tracee on one processor, the
/// tracee runs until it stops, blocks, or has used up its time slice.
pub(crate) fn yield_now() {
    // sched_yield(2) always succeeds on Linux.
    std::thread::yield_now();
}
