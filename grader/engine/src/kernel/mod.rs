//! The machine: the kernel's interfaces, and all that depends on the processor. Nothing here
//! knows what a run is.

pub(crate) mod arch;
pub(crate) mod siginfo;
pub(crate) mod sys;
pub(crate) mod syscalls;
