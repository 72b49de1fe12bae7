//! One processor for a tracer and its tracees: a ptrace stop then costs a quarter.

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::{Pid, Result};

/// Pins the calling thread, and what it forks, to the processor that it is on, or to the
/// one with this number among those on which it is allowed. Returns these.
pub(crate) fn pin(wanted: Option<usize>) -> Result<CpuSet> {
    let this = Pid::from_raw(0);
    let before = sched_getaffinity(this)?;
    let allowed: Vec<usize> = (0..CpuSet::count())
        .filter(|cpu| before.is_set(*cpu) == Ok(true))
        .collect();
    let mut one = CpuSet::new();
    one.set(match wanted {
        Some(wanted) if !allowed.is_empty() => allowed[wanted % allowed.len()],
        _ => sched_getcpu()?,
    })?;
    sched_setaffinity(this, &one)?;
    Ok(before)
}

/// The size of the kernel's processor masks, in bytes: what the system call behind
/// sched_getaffinity(2) returns.
pub(crate) fn mask_size() -> usize {
    let mut mask = [0u64; 1024];
    // SAFETY: sched_getaffinity(2): the mask has as many bytes as is said.
    let size = unsafe {
        libc::syscall(
            libc::SYS_sched_getaffinity,
            0,
            size_of_val(&mask),
            mask.as_mut_ptr(),
        )
    };
    usize::try_from(size).unwrap_or(0)
}

/// Lets others on this processor run first: with tracer and tracee on one processor, the
/// tracee runs until it stops, blocks, or has used up its time slice.
pub(crate) fn yield_now() {
    // sched_yield(2) always succeeds on Linux.
    std::thread::yield_now();
}
