//! Pending signals: `struct sigpending`, a set and a queue.

use std::fmt;

use crate::{SigSet, Signal};

use super::ProcessId;

/// Signals that the processor's faults raise. Those are delivered before all others:
/// `SYNCHRONOUS_MASK`.
pub const SYNCHRONOUS: SigSet = SigSet::from_bits(
    1 << (Signal::SEGV.number() - 1)
        | 1 << (Signal::BUS.number() - 1)
        | 1 << (Signal::ILL.number() - 1)
        | 1 << (Signal::TRAP.number() - 1)
        | 1 << (Signal::FPE.number() - 1)
        | 1 << (Signal::SYS.number() - 1),
);

/// `si_code`: why a signal was generated. sigaction(2), "The `si_code` field".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// `SI_USER`: kill(2).
    User,
    /// `SI_TKILL`: tkill(2), tgkill(2), raise(3).
    Tkill,
    /// `SI_QUEUE`: sigqueue(3).
    Queue,
    /// `SI_KERNEL`: the kernel; of the timers, alarm(2) and setitimer(2).
    Kernel,
    /// `SI_TIMER`: timer_create(2).
    Timer,
    /// A fault of the processor's: any other positive code.
    Fault,
    /// `CLD_EXITED`: a child has exited.
    Exited,
    /// `CLD_KILLED`: a signal has terminated a child.
    Killed,
    /// `CLD_STOPPED`: a child has stopped.
    Stopped,
    /// `CLD_CONTINUED`: a stopped child goes on.
    Continued,
}

impl Code {
    /// Whether the kernel stands behind it: a positive `si_code`.
    #[must_use]
    pub fn is_from_kernel(self) -> bool {
        !matches!(self, Self::User | Self::Tkill | Self::Queue | Self::Timer)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "SI_USER",
            Self::Tkill => "SI_TKILL",
            Self::Queue => "SI_QUEUE",
            Self::Kernel => "SI_KERNEL",
            Self::Timer => "SI_TIMER",
            Self::Fault => "fault",
            Self::Exited => "CLD_EXITED",
            Self::Killed => "CLD_KILLED",
            Self::Stopped => "CLD_STOPPED",
            Self::Continued => "CLD_CONTINUED",
        })
    }
}

/// What a receiver can read about an instance of a signal: `siginfo_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Info {
    /// `si_code`.
    pub code: Code,
    /// `si_pid`; the sender, or the child of a `SIGCHLD`. Absent for 0.
    pub pid: Option<ProcessId>,
    /// `si_value`, of `SI_QUEUE` and `SI_TIMER`; otherwise 0.
    pub value: i64,
    /// `si_status` of a `SIGCHLD`: exit status, or number of the signal; otherwise 0.
    pub status: i32,
}

impl Info {
    /// What remains where no room was left in the queue, or none was asked for:
    /// `collect_signal`.
    pub const LOST: Self = Self {
        code: Code::User,
        pid: None,
        value: 0,
        status: 0,
    };

    /// With this code and this `si_pid`, and nothing else.
    #[must_use]
    pub fn new(code: Code, pid: Option<ProcessId>) -> Self {
        Self {
            code,
            pid,
            value: 0,
            status: 0,
        }
    }
}

/// One generated signal: `struct sigqueue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The signal.
    pub signal: Signal,
    /// Where it comes from.
    pub info: Info,
}

/// The pending signals of a thread (private) or of a process (shared): `struct sigpending`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    set: SigSet,
    queue: Vec<Instance>,
}

impl Pending {
    /// Which signals are pending.
    #[must_use]
    pub fn set(&self) -> SigSet {
        self.set
    }

    /// The instances that have an entry in the queue, oldest first.
    #[must_use]
    pub fn queue(&self) -> &[Instance] {
        &self.queue
    }

    /// Which signal is taken next, of those that aren't in `blocked`: a synchronous one
    /// before all others, and the lowest number first: `next_signal`. POSIX leaves the order
    /// open, but for real-time signals (2.4.2, "the one with the lowest number").
    #[must_use]
    pub fn next(&self, blocked: SigSet) -> Option<Signal> {
        let takable = self.set.difference(blocked);
        let others = takable.difference(SYNCHRONOUS);
        let synchronous = takable.difference(others);
        let first = if synchronous.is_empty() {
            takable
        } else {
            synchronous
        };
        first.iter().next()
    }

    /// Adds an instance with its entry in the queue.
    pub(super) fn push(&mut self, instance: Instance) {
        self.set.insert(instance.signal);
        self.queue.push(instance);
    }

    /// Adds a signal without an entry.
    pub(super) fn push_without_entry(&mut self, signal: Signal) {
        self.set.insert(signal);
    }

    /// Takes the next instance: `__dequeue_signal`.
    pub(super) fn take(&mut self, blocked: SigSet) -> Option<Instance> {
        self.next(blocked).map(|signal| self.collect(signal))
    }

    /// Takes the oldest instance of a fault of the processor's: `dequeue_synchronous_signal`.
    pub(super) fn take_fault(&mut self, blocked: SigSet) -> Option<Instance> {
        let at = self.queue.iter().position(|instance| {
            instance.info.code.is_from_kernel()
                && SYNCHRONOUS.contains(instance.signal)
                && !blocked.contains(instance.signal)
        })?;
        let instance = self.queue.remove(at);
        self.forget_if_last(instance.signal);
        Some(instance)
    }

    /// Takes the oldest instance of `signal`; it stays pending if there are more:
    /// `collect_signal`.
    fn collect(&mut self, signal: Signal) -> Instance {
        let oldest = self.queue.iter().position(|entry| entry.signal == signal);
        let info = oldest.map_or(Info::LOST, |at| self.queue.remove(at).info);
        self.forget_if_last(signal);
        Instance { signal, info }
    }

    fn forget_if_last(&mut self, signal: Signal) {
        if !self.queue.iter().any(|entry| entry.signal == signal) {
            self.set.remove(signal);
        }
    }

    /// Throws all instances of these signals away: `flush_sigqueue_mask`.
    pub(super) fn flush(&mut self, signals: SigSet) {
        self.set = self.set.difference(signals);
        self.queue.retain(|entry| !signals.contains(entry.signal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(numbers: &[i32]) -> Pending {
        let mut pending = Pending::default();
        for (value, number) in numbers.iter().enumerate() {
            let mut info = Info::new(Code::Queue, None);
            info.value = value as i64;
            let signal = Signal::new(*number).expect("a signal");
            pending.push(Instance { signal, info });
        }
        pending
    }

    fn order(mut pending: Pending, blocked: SigSet) -> Vec<(i32, i64)> {
        std::iter::from_fn(|| pending.take(blocked))
            .map(|instance| (instance.signal.number(), instance.info.value))
            .collect()
    }

    #[test]
    fn the_lowest_number_is_taken_first_and_instances_in_their_order() {
        let all = order(pending(&[40, 12, 35, 40, 10]), SigSet::EMPTY);
        assert_eq!(all, [(10, 4), (12, 1), (35, 2), (40, 0), (40, 3)]);
    }

    #[test]
    fn synchronous_signals_are_taken_before_lower_numbers() {
        let all = order(pending(&[1, 11, 5]), SigSet::EMPTY);
        assert_eq!(all, [(5, 2), (11, 1), (1, 0)]);
    }

    #[test]
    fn blocked_signals_are_not_taken() {
        let usr1 = SigSet::from_iter([Signal::USR1]);
        assert_eq!(order(pending(&[10, 12]), usr1), [(12, 1)]);
    }

    #[test]
    fn only_the_kernels_own_count_as_faults() {
        let mut pending = pending(&[11]);
        assert_eq!(pending.take_fault(SigSet::EMPTY), None);
        let info = Info::new(Code::Fault, None);
        let fault = Instance {
            signal: Signal::FPE,
            info,
        };
        pending.push(fault);
        assert_eq!(pending.take_fault(SigSet::EMPTY), Some(fault));
        assert_eq!(pending.set(), SigSet::from_iter([Signal::SEGV]));
    }

    #[test]
    fn a_signal_without_an_entry_says_nothing_of_its_sender() {
        let mut pending = Pending::default();
        pending.push_without_entry(Signal::USR1);
        let taken = pending.take(SigSet::EMPTY).expect("it is pending");
        assert_eq!(taken.info, Info::LOST);
        assert!(pending.set().is_empty());
    }
}
