//! Processes of a run.

use siglab_model::{Disposition, HandlerFlags, ProcessStatus, Role, SigSet, Signal, Time};

use crate::kernel::sys::Pid;

/// What a process does with a signal, as the kernel keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawAction {
    pub(crate) handler: u64,
    pub(crate) flags: u64,
    /// The code that a handler returns to.
    pub(crate) restorer: u64,
    pub(crate) mask: SigSet,
}

impl RawAction {
    pub(crate) const DEFAULT: Self = Self {
        handler: libc::SIG_DFL as u64,
        flags: 0,
        restorer: 0,
        mask: SigSet::EMPTY,
    };

    pub(crate) fn has(&self, flag: i32) -> bool {
        self.flags & u64::from(flag.cast_unsigned()) != 0
    }

    pub(crate) fn is_handler(&self) -> bool {
        self.handler != libc::SIG_DFL as u64 && self.handler != libc::SIG_IGN as u64
    }

    pub(crate) fn is_default(&self) -> bool {
        self.handler == libc::SIG_DFL as u64
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
    /// Its parent in the run; `None` for the first process and for orphans that nobody in the
    /// run adopts: it is siglab then.
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
    /// When it ended.
    pub(crate) ended: Option<Time>,
    /// Whether orphans among its descendants become its children: `PR_SET_CHILD_SUBREAPER`
    /// of prctl(2). It isn't inherited, and outlasts exec(2).
    pub(crate) is_subreaper: bool,
    /// What it has said of itself with `PR_SET_DUMPABLE` of prctl(2).
    pub(crate) dumpable: Option<i64>,
    /// Whether its pid may belong to somebody else by now.
    pub(crate) gone: bool,
    /// Whether it called exit_group(2).
    pub(crate) exiting: bool,
    /// Whether a `SIGKILL` is on its way to it.
    pub(crate) killed: bool,
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
            ended: None,
            is_subreaper: false,
            dumpable: None,
            gone: false,
            exiting: false,
            killed: false,
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
