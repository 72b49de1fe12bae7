//! How a task goes on.

use siglab_model::Signal;

use crate::kernel::sys::ptrace::Resume;

/// How a task goes on after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It stays in the kernel until its next stop: no user code runs.
    Kernel(Resume, Option<Signal>),
    /// It returns to user code.
    User(Resume, Option<Signal>),
    /// It can't be resumed now.
    Off,
}

impl Next {
    /// Back to user code.
    pub(crate) const USER: Self = Self::User(Resume::Cont, None);
    /// On through the kernel, with a stop at the end of the call.
    pub(crate) const KERNEL: Self = Self::Kernel(Resume::Syscall, None);
}
