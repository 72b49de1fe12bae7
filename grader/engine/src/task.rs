//! Tasks (threads) and processes of a run.

use std::time::Duration;

use siglab_model::{Disposition, HandlerFlags, ProcessStatus, Role, SigSet, Signal, Time};

use crate::arch::Regs;
use crate::sys::Pid;
use crate::sys::proc::TaskFiles;
use crate::sys::ptrace::Resume;

/// A thread, as the kernel schedules it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) tid: Pid,
    pub(crate) pid: Pid,
    pub(crate) role: Role,
    pub(crate) files: TaskFiles,
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

/// What a process does with a signal, as the kernel keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawAction {
    pub(crate) handler: u64,
    pub(crate) flags: u64,
    pub(crate) mask: SigSet,
}

impl RawAction {
    pub(crate) const DEFAULT: Self = Self {
        handler: libc::SIG_DFL as u64,
        flags: 0,
        mask: SigSet::EMPTY,
    };

    pub(crate) fn has(&self, flag: i32) -> bool {
        self.flags & u64::from(flag.cast_unsigned()) != 0
    }

    pub(crate) fn is_handler(&self) -> bool {
        self.handler != libc::SIG_DFL as u64 && self.handler != libc::SIG_IGN as u64
    }

    pub(crate) fn ignores(&self) -> bool {
        self.handler == libc::SIG_IGN as u64
    }

    /// As it is written to the trace.
    pub(crate) fn disposition(&self, function: Option<String>) -> Disposition {
        if self.ignores() {
            return Disposition::Ignore;
        }
        if !self.is_handler() {
            return Disposition::Default;
        }
        Disposition::Handler {
            function,
            flags: HandlerFlags {
                restart: self.has(libc::SA_RESTART),
                siginfo: self.has(libc::SA_SIGINFO),
                nodefer: self.has(libc::SA_NODEFER),
                resethand: self.has(libc::SA_RESETHAND),
                onstack: self.has(libc::SA_ONSTACK),
                nocldstop: self.has(libc::SA_NOCLDSTOP),
                nocldwait: self.has(libc::SA_NOCLDWAIT),
            },
            mask: self.mask,
        }
    }
}

/// A process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    /// Its parent in the run; `None` for the first process.
    pub(crate) parent: Option<Pid>,
    pub(crate) role: Role,
    pub(crate) actions: [RawAction; 64],
    /// Whether it had a handler at some time.
    pub(crate) has_handled: bool,
    /// Child processes made so far.
    pub(crate) children: usize,
    /// Further threads made so far.
    pub(crate) threads: usize,
    /// How it ended.
    pub(crate) status: Option<ProcessStatus>,
    /// Whether its pid may belong to somebody else by now.
    pub(crate) gone: bool,
    /// Whether it called exit_group(2).
    pub(crate) exiting: bool,
    /// Whether all its calls stop, because it has descriptors whose reads matter.
    pub(crate) watch_calls: bool,
    /// The signal that it sends to its parent at its end.
    pub(crate) exit_signal: Option<Signal>,
    /// Descriptors of sockets with time-outs: receive and send, in nanoseconds.
    pub(crate) socket_timeouts: Vec<SocketTimeout>,
    /// Processor time that it is told to have used, in nanoseconds.
    pub(crate) processor_nanos: i64,
}

/// The time-outs of a socket: socket(7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SocketTimeout {
    /// What the descriptor leads to: `socket:[123]`.
    pub(crate) target: String,
    /// `SO_RCVTIMEO`, in nanoseconds.
    pub(crate) receive: Option<i64>,
    /// `SO_SNDTIMEO`, in nanoseconds.
    pub(crate) send: Option<i64>,
}

impl Process {
    pub(crate) fn new(pid: Pid, parent: Option<Pid>, role: Role) -> Self {
        Self {
            pid,
            parent,
            role,
            actions: [RawAction::DEFAULT; 64],
            has_handled: false,
            children: 0,
            threads: 0,
            status: None,
            gone: false,
            exiting: false,
            watch_calls: false,
            exit_signal: Some(Signal::CHLD),
            socket_timeouts: Vec::new(),
            processor_nanos: 0,
        }
    }

    /// What it does with `signal`.
    pub(crate) fn action(&self, signal: Signal) -> &RawAction {
        &self.actions[signal.number().unsigned_abs() as usize - 1]
    }

    pub(crate) fn action_mut(&mut self, signal: Signal) -> &mut RawAction {
        &mut self.actions[signal.number().unsigned_abs() as usize - 1]
    }

    /// exec(2): handlers go back to the default, ignored signals stay ignored.
    pub(crate) fn reset_handlers(&mut self) {
        for action in &mut self.actions {
            if action.is_handler() {
                *action = RawAction::DEFAULT;
            }
        }
    }
}
