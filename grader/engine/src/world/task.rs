//! Tasks: threads, as the kernel schedules them.

use std::time::Duration;

use siglab_model::{Role, SigSet, Signal, Time};

use crate::kernel::arch::Regs;
use crate::kernel::sys::Pid;
use crate::kernel::sys::ptrace::Resume;

/// A thread, as the kernel schedules it.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) tid: Pid,
    pub(crate) pid: Pid,
    pub(crate) role: Role,
    pub(crate) state: State,
    /// Whether it is parked before a traced call that is yet to be looked at.
    pub(crate) at_call: bool,
    /// The system call that it is in, from its enter-stop to its exit-stop.
    pub(crate) call: Option<Call>,
    /// A call that was interrupted and may be restarted by the kernel.
    pub(crate) restart: Option<Call>,
    /// The handlers that it is in, outermost first.
    pub(crate) handlers: Vec<ActiveHandler>,
    /// How many calls that the engine controls it has begun.
    pub(crate) calls: u64,
    /// Whether it is in the stop before a controlled call, which it goes on to make.
    pub(crate) at_entry: bool,
    /// Whether it was resumed for one instruction, to follow it.
    pub(crate) stepping: bool,
    /// Where its errno is, once that was looked up.
    pub(crate) errno_address: Option<Option<u64>>,
    /// A handler that is about to be entered: the next stop is its first instruction.
    pub(crate) entering: Option<Entering>,
    /// The alternative signal stack: lowest address and size.
    pub(crate) altstack: Option<(u64, u64)>,
    /// Calls that could not block, since it last did.
    pub(crate) polls: Polls,
    /// What it did since its last stop.
    pub(crate) spin: Spin,
    /// How often it was looked at in vain, in all its life: a look may cost more than what
    /// the task does between two calls.
    pub(crate) vain_looks: u32,
    /// The mask to put back when an interrupted call that changes it is made again.
    pub(crate) mask_after_wait: Option<SigSet>,
    /// The registers at the start of a write that siglab interrupted after this many
    /// bytes.
    pub(crate) half_written: Option<(Regs, i64)>,
    /// A call that is made again with other arguments: see kill(-1).
    pub(crate) repeat: Option<Call>,
    /// The next target of a kill(-1), before it is signalled.
    pub(crate) survey: Option<Target>,
    /// Why siglab interrupted it, until that stop is seen.
    pub(crate) interrupted: Option<Interrupt>,
}

/// Why siglab interrupts a task with `PTRACE_INTERRUPT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// It waits in a call whose exit would not be reported; it is to begin again.
    ToWatch,
    /// It has used up its share of processor time.
    OutOfTime,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In a ptrace-stop from which it can go on into user code.
    Parked {
        /// How to resume it.
        resume: Resume,
        /// The signal to deliver, if it is in a signal-delivery-stop.
        signal: Option<Signal>,
    },
    /// The one that runs.
    Running,
    /// Blocked in the kernel, in a call whose exit will be reported.
    Blocked,
    /// Stopped with its process by this signal.
    GroupStopped(Signal),
    /// Its vfork child has neither exec'd nor ended.
    Vfork,
    /// Its end will be reported.
    Ending,
    /// The first thread of a process that goes on without it.
    Zombie,
}

/// A system call in progress.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The registers at its start, with the original arguments.
    pub(crate) entry: Regs,
    /// Which call, even if another one was substituted for it.
    pub(crate) number: i64,
    /// What to do at its exit.
    pub(crate) after: After,
    /// How it ends by itself.
    pub(crate) timeout: Option<Timeout>,
    /// What it waits for, in words.
    pub(crate) what: String,
    /// Whether the beginning of its wait is in the trace.
    pub(crate) wait_begun: bool,
    /// Whether it goes on after an interruption.
    pub(crate) is_restart: bool,
    /// Bytes that it had written when siglab interrupted it, to watch the rest of it.
    pub(crate) written: i64,
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
    /// Whether a stop and continue ends it with `EINTR`, without a handler: signal(7).
    pub(crate) eintr_on_stop: bool,
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
    /// Signals were read from a signalfd into the buffer at this address.
    ReadSignals(u64),
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
        /// The target in words, for the trace.
        to: String,
    },
    /// kill(-1): the processes that are still to be signalled.
    SendOneByOne { rest: Vec<Pid>, sent: bool },
    /// timerfd_create(2): a clock.
    NewTimerfd(i32),
    /// signalfd(2): reads are to be watched.
    NewSignalfd,
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

/// A handler that runs, or is interrupted by another.
#[derive(Clone, Debug)]
pub(crate) struct ActiveHandler {
    pub(crate) signal: Signal,
    /// The stack pointer at its first instruction.
    pub(crate) sp: u64,
    /// The registers of the code that it interrupted.
    pub(crate) interrupted: Regs,
    /// The alternative stack that it runs on, if it does.
    pub(crate) altstack: Option<(u64, u64)>,
}

/// A handler about to be entered.
#[derive(Clone, Debug)]
pub(crate) struct Entering {
    pub(crate) signal: Signal,
    pub(crate) interrupted: Regs,
}

/// How often a task made calls that don't block, without ever blocking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Polls {
    pub(crate) count: u32,
    /// How many of them read a clock.
    pub(crate) clock_reads: u32,
    /// Whether it looks at a clock while it is busy.
    pub(crate) watches_clock: bool,
    /// Whether it was reported as busy waiting.
    pub(crate) reported: bool,
    /// Whether it was in a loop that can't end by itself when it ran last.
    pub(crate) round: bool,
    /// Whether nobody could see from its memory that it goes round there.
    pub(crate) still: bool,
    /// Whether it has run since the clock moved or something else happened.
    pub(crate) had_turn: bool,
}

/// What a task did since its last stop that wasn't siglab's doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spin {
    /// Processor time that it has used.
    pub(crate) used: Duration,
    /// How much of that in its own code.
    pub(crate) user: Duration,
    /// Whether it was looked at what it does.
    pub(crate) looked: bool,
}

/// Processor time after which a task that makes no traced call counts as spinning.
const QUANTUM: Duration = Duration::from_millis(250);
/// The same, once it was found spinning.
const BUSY_QUANTUM: Duration = Duration::from_millis(5);
/// Time in its own code after which it is looked at for the first time; if that was in vain,
/// for the second time after twice as much, and so on. Not in the kernel: an interruption
/// there may be seen.
const FIRST_PROOF: Duration = Duration::from_millis(4);
/// Processor time after which one is looked at that went round in a loop when it ran last.
const NEXT_PROOF: Duration = Duration::from_millis(1);

impl Task {
    /// A new one, in a stop from which it can go on into user code.
    pub(crate) fn new(pid: Pid, tid: Pid, role: Role) -> Self {
        Self {
            tid,
            pid,
            role,
            state: State::Parked {
                resume: Resume::Cont,
                signal: None,
            },
            at_call: false,
            call: None,
            restart: None,
            handlers: Vec::new(),
            calls: 0,
            at_entry: false,
            stepping: false,
            errno_address: None,
            entering: None,
            altstack: None,
            polls: Polls::default(),
            spin: Spin::default(),
            vain_looks: 0,
            interrupted: None,
            mask_after_wait: None,
            half_written: None,
            repeat: None,
            survey: None,
        }
    }

    /// What is known of a copy of its process, which is between two instructions.
    pub(crate) fn copied(&self, copy: Pid) -> Self {
        Self {
            handlers: self.handlers.clone(),
            calls: self.calls,
            errno_address: self.errno_address,
            altstack: self.altstack,
            mask_after_wait: self.mask_after_wait,
            ..Self::new(copy, copy, self.role.clone())
        }
    }

    /// Whether it has used all the processor time that a task may use without a stop.
    pub(crate) fn is_out_of_time(&self) -> bool {
        let quantum = if self.polls.reported {
            BUSY_QUANTUM
        } else {
            QUANTUM
        };
        self.spin.used > quantum
    }

    /// Whether it is time to look what it does.
    pub(crate) fn is_worth_a_look(&self) -> bool {
        match self.polls {
            Polls { round: true, .. } => !self.spin.looked && self.spin.used > NEXT_PROOF,
            Polls { reported: true, .. } => false,
            // The first is exact, and the second comes in steps.
            _ => {
                let enough = FIRST_PROOF * 2_u32.pow(self.vain_looks.min(10));
                self.spin.used.min(self.spin.user) >= enough
            }
        }
    }
}
