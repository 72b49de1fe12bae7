//! Tasks: threads, as the kernel schedules them.

use std::time::Duration;

use siglab_model::{Kind, Role, SigSet, Signal};

use crate::kernel::arch::Regs;
use crate::kernel::sys::Pid;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::world::call::Call;
use crate::world::polls::{Busy, Polls};

/// A thread, as the kernel schedules it.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) tid: Pid,
    pub(crate) pid: Pid,
    pub(crate) role: Role,
    pub(crate) state: State,
    /// How far it is in what takes more than one stop.
    pub(crate) phase: Phase,
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
    /// What it blocked when that was seen last: the kernel takes a signal out of there when it
    /// forces it.
    pub(crate) blocked: SigSet,
    /// The alternative signal stack: lowest address and size.
    pub(crate) altstack: Option<(u64, u64)>,
    /// Calls that could not block, since it last did.
    pub(crate) polls: Polls,
    /// What it did since its last stop.
    pub(crate) spin: Spin,
    /// How often it was looked at in vain, in all its life: a look may cost more than what
    /// the task does between two calls.
    pub(crate) vain_looks: u32,
    /// Why siglab interrupted it, until that stop is seen.
    pub(crate) interrupted: Option<Interrupt>,
    /// The failed calls that were told since it last waited.
    pub(crate) told_failures: Vec<Kind>,
}

/// What a task is in the middle of, as far as that takes more than one stop.
#[derive(Clone, Debug, Default)]
pub(crate) enum Phase {
    /// Nothing: it is in its own code, or in a call that nobody looks at.
    #[default]
    User,
    /// Parked before a traced call that is yet to be looked at.
    AtCall,
    /// In a system call, from its enter-stop to its exit-stop.
    In(Call),
    /// A signal interrupted its call: the kernel restarts that, or lets it fail, when the
    /// signal is delivered.
    Interrupted {
        call: Call,
        /// The mask to put back when the call, which changes it, is made again.
        mask: Option<SigSet>,
    },
    /// siglab interrupted its write after so many bytes; it goes on to write the rest. With
    /// the registers at the start of the call.
    HalfWritten { entry: Regs, written: i64 },
    /// It is about to make its call again, with other arguments: see kill(-1).
    Repeat(Call),
    /// A handler is about to be entered: the next stop is its first instruction.
    Entering(Entering),
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
    /// In this stop, into which siglab brought it while it was blocked: others go first at
    /// this instant.
    Held(Status),
    /// Its vfork child has neither exec'd nor ended.
    Vfork,
    /// Its end will be reported.
    Ending,
    /// The first thread of a process that goes on without it.
    Zombie,
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
            phase: Phase::User,
            handlers: Vec::new(),
            calls: 0,
            at_entry: false,
            stepping: false,
            errno_address: None,
            blocked: SigSet::default(),
            altstack: None,
            polls: Polls::default(),
            spin: Spin::default(),
            vain_looks: 0,
            interrupted: None,
            told_failures: Vec::new(),
        }
    }

    /// What is known of a copy of its process, which is between two instructions.
    pub(crate) fn copied(&self, copy: Pid) -> Self {
        Self {
            handlers: self.handlers.clone(),
            calls: self.calls,
            errno_address: self.errno_address,
            blocked: self.blocked,
            altstack: self.altstack,
            ..Self::new(copy, copy, self.role.clone())
        }
    }

    /// The call that it is in.
    pub(crate) fn call(&self) -> Option<&Call> {
        match &self.phase {
            Phase::In(call) => Some(call),
            _ => None,
        }
    }

    pub(crate) fn call_mut(&mut self) -> Option<&mut Call> {
        match &mut self.phase {
            Phase::In(call) => Some(call),
            _ => None,
        }
    }

    /// The call that it is in, which is over.
    pub(crate) fn take_call(&mut self) -> Option<Call> {
        match std::mem::take(&mut self.phase) {
            Phase::In(call) => Some(call),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// The call that a signal has interrupted.
    pub(crate) fn interrupted_call(&self) -> Option<&Call> {
        match &self.phase {
            Phase::Interrupted { call, .. } => Some(call),
            _ => None,
        }
    }

    /// The call that a signal has interrupted, which goes on or is over.
    pub(crate) fn take_interrupted_call(&mut self) -> Option<Call> {
        match std::mem::take(&mut self.phase) {
            Phase::Interrupted { call, .. } => Some(call),
            other => {
                self.phase = other;
                None
            }
        }
    }

    /// Begins what takes more than one stop.
    ///
    /// # Panics
    /// If it is in the middle of something else: that would be forgotten.
    pub(crate) fn begin(&mut self, phase: Phase) {
        assert!(
            matches!(self.phase, Phase::User),
            "{} begins {phase:?} in the middle of {:?}",
            self.role,
            self.phase
        );
        self.phase = phase;
    }

    /// Whether it is between two instructions of its own.
    pub(crate) fn is_in_user_code(&self) -> bool {
        matches!(self.phase, Phase::User)
    }

    /// Whether it has used all the processor time that a task may use without a stop.
    pub(crate) fn is_out_of_time(&self) -> bool {
        // One that asks again and again stops often. On a virtual machine whose processor is
        // taken away, a call of its may seem to use milliseconds, and that must change nothing.
        let quantum = match self.polls.busy {
            Some(Busy::Computes) => BUSY_QUANTUM,
            _ => QUANTUM,
        };
        self.spin.used > quantum
    }

    /// Whether it is time to look what it does.
    pub(crate) fn is_worth_a_look(&self) -> bool {
        match &self.polls {
            Polls { round: true, .. } => !self.spin.looked && self.spin.used > NEXT_PROOF,
            Polls {
                busy: Some(Busy::Computes),
                ..
            } => false,
            // The first is exact, and the second comes in steps.
            _ => {
                let enough = FIRST_PROOF * 2_u32.pow(self.vain_looks.min(10));
                self.spin.used.min(self.spin.user) >= enough
            }
        }
    }
}
