//! System calls in progress.

use siglab_model::{SendTarget, SigSet, Signal, Time, WaitFor};

use crate::kernel::arch::Regs;
use crate::kernel::sys::Pid;
use crate::kernel::sys::limits::Lifted;
use crate::kernel::syscalls::Sys;

/// A system call in progress.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The registers at its start, with the original arguments.
    pub(crate) entry: Regs,
    /// Which call, even if another one was substituted for it.
    pub(crate) sys: Sys,
    /// What can end its wait.
    pub(crate) waits: Waits,
    /// Whether it waits with a signal mask of its own, as sigsuspend(2) does.
    pub(crate) swaps_mask: bool,
    /// What to do at its exit.
    pub(crate) after: After,
    /// How it ends by itself.
    pub(crate) timeout: Option<Timeout>,
    /// What it waits for.
    pub(crate) what: WaitFor,
    /// Whether the beginning of its wait is in the trace.
    pub(crate) wait_begun: bool,
    /// Whether it goes on after an interruption.
    pub(crate) is_restart: bool,
    /// Bytes that it had written when siglab interrupted it, to watch the rest of it.
    pub(crate) written: i64,
}

/// What a call waits for, if it does: what can end the wait besides its time-out and a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// It waits for nobody: at most for the machine.
    Never,
    /// Nothing: a sleep, or a wait for signals.
    Signals,
    /// A child.
    Children,
    /// Another thread's futex(2).
    Lock,
    /// What is at the other end of the descriptors in these arguments.
    Descriptors(&'static [usize]),
    /// What is at the other end of any of the descriptors in a set.
    Several(Several),
    /// A queue or semaphore of System V's, the other side of a FIFO, a lock on a file.
    Others,
    /// siglab doesn't know: that it waits for ever can't be proved.
    Unknown,
}

/// How a call is given descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Several {
    /// An array of `struct pollfd`: poll(2).
    Poll,
    /// Bit sets: select(2).
    Select,
    /// Those that an epoll descriptor watches.
    Epoll,
    /// An array of pointers to `struct iocb`: io_submit(2).
    Iocbs,
}

impl Waits {
    /// Whether calls that aren't traced could end the wait.
    pub(crate) const fn is_for_others(self) -> bool {
        !matches!(self, Self::Signals | Self::Children | Self::Lock)
    }
}

/// A call's time-out, under the engine's control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeout {
    pub(crate) deadline: Time,
    /// Its place in the order of arming: [`World::next_order`](super::World::next_order).
    pub(crate) order: u64,
    pub(crate) style: TimeoutStyle,
    /// Set when the deadline was reached.
    pub(crate) fired: bool,
}

/// How a timed call behaves at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeoutStyle {
    /// What it returns at its deadline.
    pub(crate) result: i64,
    /// Where it reports the time that is left.
    pub(crate) remainder: Remainder,
    /// Whether descriptor sets are cleared at its deadline: select(2).
    pub(crate) clears_sets: bool,
}

/// Where a timed call reports the time that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remainder {
    /// Nowhere.
    None,
    /// In the `timespec` at this address, when a signal interrupts it.
    OnInterrupt(u64),
    /// In the `timespec` at this address, always.
    Timespec(u64),
    /// In the `timeval` at this address, always.
    Timeval(u64),
}

/// What to do at a call's exit, besides what all calls need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing.
    Nothing,
    /// A signal was taken by sigwait and its kin: its siginfo is at this address, or 0.
    Accept(u64),
    /// Signals were read from a signalfd into these buffers, one after another.
    ReadSignals(Vec<Buffer>),
    /// io_submit(2): reads of signalfds among the others, by the addresses of their `iocb`.
    Submitted(Vec<(u64, Vec<Buffer>)>),
    /// wait4(2): the result is the child.
    Wait4,
    /// waitid(2): `siginfo_t` at this address, or 0; `WNOWAIT` or not.
    Waitid(u64, bool),
    /// A call that sends `signal` to `targets`.
    Sent {
        /// The call sends to whole processes, or to one thread each.
        targets: Vec<Target>,
        /// The signal; `None` for 0, which only checks.
        signal: Option<Signal>,
        /// The number that was asked for.
        raw_signal: i32,
        /// The target, for the trace.
        to: SendTarget,
        /// Limits that are lifted until it returns.
        lifted: Vec<Lifted>,
    },
    /// kill(-1): the processes that are still to be signalled.
    SendOneByOne(OneByOne),
    /// recvmmsg(2): one of its messages was received.
    Received(Messages),
    /// socketpair(2): its descriptors are at this address.
    NewPair(u64),
    /// signalfd(2): reads are to be watched.
    NewSignalfd,
}

/// Memory of a program that a call fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub(crate) address: u64,
    pub(crate) length: u64,
}

/// How far recvmmsg(2) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Messages {
    /// How many it has received.
    pub(crate) got: u32,
    /// After this it doesn't wait for another one.
    pub(crate) until: Option<Time>,
}

/// A child that was killed, and which of its parent's threads goes on before it dies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doomed {
    pub(crate) child: Pid,
    pub(crate) parent: Pid,
}

/// How far a call came that sends to one process after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneByOne {
    /// The processes after the one that is being signalled.
    pub(crate) rest: Vec<Pid>,
    /// The one that is being signalled; absent for signal 0.
    pub(crate) target: Option<Target>,
    /// Whether one of those before got it.
    pub(crate) sent: bool,
    /// The caller's mask. All is blocked in between: for the program it is one call.
    pub(crate) mask: SigSet,
}

/// Whom a call signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) pid: Pid,
    /// The thread, if the signal is directed to one.
    pub(crate) tid: Option<Pid>,
    /// Whether the signal was pending for it before.
    pub(crate) was_pending: bool,
    /// Whether every thread that could take it blocks it.
    pub(crate) blocked: bool,
}
