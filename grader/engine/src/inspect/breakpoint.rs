//! A breakpoint that a task is to run into.

use crate::kernel::arch::Patch;
use crate::kernel::sys::Pid;

/// A breakpoint.
#[derive(Debug)]
pub(crate) struct Armed {
    pub(crate) tid: Pid,
    pub(crate) address: u64,
    /// The code in whose place it is; `None` while its instruction is stepped over.
    pub(crate) patched: Option<Patch>,
    pub(crate) purpose: Purpose,
}

/// Why there is a breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A signal is to be injected there, or others are to run.
    Inject,
    /// The task is followed again from there.
    Follow,
}
