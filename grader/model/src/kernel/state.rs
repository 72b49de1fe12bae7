//! The state: processes and their threads.

use std::fmt;

use crate::{ProcessStatus, SigSet, Signal};

use super::child::Report;
use super::{Action, Generated, Info, Pending, Target};

/// What no mask can hold: POSIX, `pthread_sigmask`; `set_current_blocked`.
pub(super) const UNBLOCKABLE: SigSet =
    SigSet::from_bits(1 << (Signal::KILL.number() - 1) | 1 << (Signal::STOP.number() - 1));

/// A process, for good: a number isn't used again. Shown as `P0`, `P1`, ...
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(super) usize);

/// A thread, for good. Shown as `T0`, `T1`, ...
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub(super) usize);

impl ProcessId {
    /// Its number: processes are counted from 0 in the order in which they were made.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl ThreadId {
    /// Its number: threads are counted from 0 in the order in which they were made.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl fmt::Debug for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}", self.0)
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{}", self.0)
    }
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Errno {
    /// `EINVAL`.
    #[error("EINVAL")]
    Einval,
    /// `ESRCH`: no such process or thread.
    #[error("ESRCH")]
    Esrch,
    /// `EAGAIN`: the queue of signals is full.
    #[error("EAGAIN")]
    Eagain,
    /// `ECHILD`: no such child.
    #[error("ECHILD")]
    Echild,
}

/// All processes and threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    pub(super) processes: Vec<Process>,
    pub(super) threads: Vec<Thread>,
    pub(super) happened: Vec<Happened>,
    /// Whether somebody else generates each `SIGCHLD`: [`super::Replica`].
    pub(super) is_told_of_children: bool,
}

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs, or waits.
    Running,
    /// Stopped by this signal.
    Stopped(Signal),
    /// Ended, and not waited for yet.
    Zombie(ProcessStatus),
    /// It doesn't exist any more.
    Gone(ProcessStatus),
}

/// A process: `struct signal_struct` and `struct sighand_struct`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The thread that made it (`real_parent`), while that lives; another of that process
    /// then.
    pub(super) parent: Option<ThreadId>,
    pub(super) actions: [Action; 64],
    pub(super) pending: Pending,
    /// The living threads, in the order in which they were made. A first thread that has
    /// ended stays until all have.
    pub(super) threads: Vec<ThreadId>,
    /// Where the search for a receiver begins: `curr_target`.
    pub(super) current_target: ThreadId,
    pub(super) life: Life,
    pub(super) report: Option<Report>,
    /// Process group and session, by the process that leads them.
    pub(super) group: ProcessId,
    pub(super) session: ProcessId,
    pub(super) queue_limit: usize,
}

/// A thread: what `struct task_struct` has about signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub(super) process: ProcessId,
    pub(super) blocked: SigSet,
    /// What sigsuspend(2) puts back: `saved_sigmask`.
    pub(super) saved: Option<SigSet>,
    /// The mask but for sigtimedwait(2), while that waits: `real_blocked`.
    pub(super) real_blocked: Option<SigSet>,
    pub(super) pending: Pending,
    /// Whether it looks for signals before it goes on: `TIF_SIGPENDING`.
    pub(super) signalled: bool,
    pub(super) frames: Vec<Frame>,
    pub(super) ended: bool,
}

/// An active handler: the part of `struct rt_sigframe` that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The signal that is being handled.
    pub signal: Signal,
    /// What its handler was told.
    pub info: Info,
    /// The mask that its return restores: `uc_sigmask`.
    pub restores: SigSet,
}

/// What came of a call, beside its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A signal was generated.
    Generated {
        /// For whom.
        target: Target,
        /// The signal.
        signal: Signal,
        /// What the receiver can read about it.
        info: Info,
        /// What became of it.
        how: Generated,
    },
    /// A signal was delivered: its handler starts, its default action is taken, or it turned
    /// out to be ignored.
    Delivered {
        /// To whom.
        thread: ThreadId,
        /// The signal.
        signal: Signal,
        /// What it does with it.
        reaction: super::Reaction,
    },
    /// A pending signal was accepted, by sigwait and its kin or a signalfd.
    Accepted {
        /// By whom.
        thread: ThreadId,
        /// The signal.
        signal: Signal,
    },
    /// A process stopped.
    Stopped {
        /// The process.
        process: ProcessId,
        /// What stopped it.
        signal: Signal,
    },
    /// A stopped process goes on.
    Continued {
        /// The process.
        process: ProcessId,
    },
    /// A process ended.
    Ended {
        /// The process.
        process: ProcessId,
        /// How.
        status: ProcessStatus,
    },
}

impl Default for Kernel {
    fn default() -> Self {
        Self::new()
    }
}

impl Kernel {
    /// One process with one thread, which leads a session and has no parent: nothing
    /// blocked, nothing pending, everything at its default.
    #[must_use]
    pub fn new() -> Self {
        let (process, thread) = (ProcessId(0), ThreadId(0));
        Self {
            processes: vec![Process {
                parent: None,
                actions: [Action::default(); 64],
                pending: Pending::default(),
                threads: vec![thread],
                current_target: thread,
                life: Life::Running,
                report: None,
                group: process,
                session: process,
                queue_limit: usize::MAX,
            }],
            threads: vec![Thread::new(process, SigSet::EMPTY)],
            happened: Vec::new(),
            is_told_of_children: false,
        }
    }

    /// The thread that was there from the start.
    #[must_use]
    pub fn first_thread(&self) -> ThreadId {
        ThreadId(0)
    }

    /// A process.
    #[must_use]
    pub fn process(&self, id: ProcessId) -> &Process {
        &self.processes[id.0]
    }

    /// A thread.
    #[must_use]
    pub fn thread(&self, id: ThreadId) -> &Thread {
        &self.threads[id.0]
    }

    /// All processes that there ever were.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> + use<> {
        (0..self.processes.len()).map(ProcessId)
    }

    /// All threads that there ever were.
    pub fn threads(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (0..self.threads.len()).map(ThreadId)
    }

    /// How many instances may be queued for processes of one user, in all
    /// (`RLIMIT_SIGPENDING`: setrlimit(2)). It is `process` whose limit counts when a signal
    /// is sent to it; its children inherit it. All processes here are of one user.
    pub fn set_queue_limit(&mut self, process: ProcessId, limit: usize) {
        self.process_mut(process).queue_limit = limit;
    }

    /// What has happened since this was last called, in order.
    pub fn happened(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }

    pub(super) fn process_mut(&mut self, id: ProcessId) -> &mut Process {
        &mut self.processes[id.0]
    }

    pub(super) fn thread_mut(&mut self, id: ThreadId) -> &mut Thread {
        &mut self.threads[id.0]
    }

    /// The process of a thread.
    #[must_use]
    pub fn process_of(&self, thread: ThreadId) -> ProcessId {
        self.thread(thread).process
    }
}

impl Process {
    /// Where it is in its life.
    #[must_use]
    pub fn life(&self) -> Life {
        self.life
    }

    /// Whether it hasn't ended.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        matches!(self.life, Life::Running | Life::Stopped(_))
    }

    /// What is pending for the process as a whole: `shared_pending`.
    #[must_use]
    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// Its first thread: the thread-group leader.
    #[must_use]
    pub fn leader(&self) -> ThreadId {
        self.threads[0]
    }

    /// Its living threads, in the order in which they were made.
    #[must_use]
    pub fn threads(&self) -> &[ThreadId] {
        &self.threads
    }

    /// The thread that counts as its parent.
    #[must_use]
    pub fn parent(&self) -> Option<ThreadId> {
        self.parent
    }

    /// The leader of its process group.
    #[must_use]
    pub fn group(&self) -> ProcessId {
        self.group
    }
}

impl Thread {
    pub(super) fn new(process: ProcessId, blocked: SigSet) -> Self {
        Self {
            process,
            blocked,
            saved: None,
            real_blocked: None,
            pending: Pending::default(),
            signalled: false,
            frames: Vec::new(),
            ended: false,
        }
    }

    /// Its signal mask, as it is now: of sigsuspend(2) or of a handler while that lasts.
    #[must_use]
    pub fn blocked(&self) -> SigSet {
        self.blocked
    }

    /// What is pending for this thread alone.
    #[must_use]
    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// Its active handlers, innermost last.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}
