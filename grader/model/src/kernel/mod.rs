//! A model of the kernel's signal state: what is pending, blocked and done, for each
//! process and thread, as plain data.
//!
//! After the data structures of the fourth lecture note (`task_struct.pending` and
//! `.blocked`, `signal_struct.shared_pending`, `sighand_struct.action`) and the functions of
//! Linux that work on them. Each rule names its source: a section of POSIX.1-2024, a manual
//! page, or a function of the kernel (`kernel/signal.c` unless said otherwise).
//!
//! [`Kernel`] holds the state. It does no I/O, knows no time, and makes no choice: the same
//! calls give the same state. A call changes the state as its system call does and returns
//! what the caller sees; what else comes of it is in [`Kernel::happened`]. A thread takes
//! its signals when [`Kernel::deliver`] is called for it, as the kernel does on the way back
//! to user mode; who runs when is the user's choice. A [`Replica`] carries it along a trace.
//!
//! ```
//! use siglab_model::kernel::{Action, Delivery, Kernel};
//! use siglab_model::{SigSet, Signal};
//!
//! let mut kernel = Kernel::new();
//! let main = kernel.first_thread();
//! kernel.set_action(main, Signal::USR1, Action::handler(SigSet::EMPTY))?;
//! kernel.raise(main, Signal::USR1)?;
//! assert!(matches!(kernel.deliver(main), Some(Delivery::Handler { signal: Signal::USR1, .. })));
//! assert!(kernel.thread(main).blocked().contains(Signal::USR1));
//! kernel.sigreturn(main);
//! assert!(kernel.thread(main).blocked().is_empty());
//! # Ok::<(), siglab_model::kernel::Errno>(())
//! ```
//!
//! Not in it: memory faults and timers as sources of signals (say so with
//! [`Kernel::generate`]), permissions, terminals, tracing, `SIGHUP` to a process group that
//! becomes orphaned, and orphans: who ends leaves no living children behind.

mod accept;
mod action;
mod child;
mod deliver;
mod generate;
mod lifecycle;
mod mask;
mod pending;
mod replica;
mod state;
#[cfg(test)]
mod tests;

pub use action::{Action, Reaction};
pub use child::{Report, WaitFor};
pub use deliver::Delivery;
pub use generate::{Generated, Target};
pub use pending::{Code, Info, Instance, Pending, SYNCHRONOUS};
pub use replica::{Fate, Replica};
pub use state::{Errno, Frame, Happened, Kernel, Life, Process, ProcessId, Thread, ThreadId};
