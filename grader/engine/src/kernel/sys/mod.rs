//! The kernel's interfaces: the only part of the engine that calls it directly.
//!
//! Functions here do one thing each and return the errno; nothing here knows what a run
//! is. `ESRCH` from a ptrace request means that the task was killed meanwhile: it is an
//! ordinary value, which callers turn into "this task is about to be reported as ended".

#![expect(
    unsafe_code,
    reason = "ptrace(2), waitid(2), fork(2) and timers have no complete safe wrappers"
)]

pub(crate) mod clock;
pub(crate) mod cpu;
pub(crate) mod creds;
pub(crate) mod errno;
pub(crate) mod fds;
pub(crate) mod launch;
pub(crate) mod limits;
pub(crate) mod memory;
pub(crate) mod pids;
pub(crate) mod proc;
pub(crate) mod ptrace;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod sockets;
pub(crate) mod ticker;
pub(crate) mod wait;

pub(crate) use nix::errno::Errno;
pub(crate) use nix::unistd::Pid;

/// The result of a call to the kernel.
pub(crate) type Result<T> = std::result::Result<T, Errno>;
