//! Programs: lists of steps.

use std::fmt;

use siglab_model::{MaskHow, SigSet, Signal};

/// One thread does one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The thread, counted from 0 in the order in which they are made.
    pub thread: usize,
    /// What it does.
    pub op: Op,
}

/// What a thread does. Processes are counted as threads are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// sigaction(2).
    Action {
        /// The signal.
        signal: Signal,
        /// What it is to do.
        kind: Kind,
        /// Flags, as bits: `RESTART`, `NODEFER`, `RESETHAND`, `NOCLDSTOP`, `NOCLDWAIT`.
        flags: u8,
        /// `sa_mask`.
        mask: SigSet,
        /// Which signal the handler raises, unless it runs within another.
        raises: Option<Signal>,
    },
    /// sigprocmask(2).
    Mask(MaskHow, SigSet),
    /// kill(2); of the null signal, if there is none.
    Kill(usize, Option<Signal>),
    /// tgkill(2) to a thread.
    Tgkill(usize, Signal),
    /// sigqueue(3) with a value.
    Queue(usize, Signal, i32),
    /// pthread_sigqueue(3) with a value.
    QueueThread(usize, Signal, i32),
    /// sigpending(2).
    Pending,
    /// sigsuspend(2).
    Suspend(SigSet),
    /// sigtimedwait(2), without a time-out or with none to wait.
    TimedWait(SigSet, How),
    /// One read from a new non-blocking signalfd(2).
    Signalfd(SigSet),
    /// waitpid(2) for a child, with `WUNTRACED` and `WCONTINUED`.
    Wait(usize, How),
    /// setitimer(2) of a millisecond, and sleeping until it is over.
    Alarm,
    /// fork(2).
    Fork {
        /// The child's thread.
        thread: usize,
        /// The child.
        process: usize,
        /// Whether it leads a process group of its own.
        leads: bool,
    },
    /// pthread_create(3) of this thread.
    Thread(usize),
    /// execve(2) of the interpreter itself.
    Exec,
    /// exit_group(2).
    Exit(i32),
    /// The thread alone ends.
    Leave,
    /// Nothing: the thread is there.
    Rest,
    /// A parent makes sure that a child has ended (0), stopped (1) or gone on (2); whether
    /// its `SIGCHLD` has to be pending then.
    Settle(usize, u8, bool),
    /// Kills these processes, and exits.
    End(Vec<usize>),
}

/// A disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// The interpreter's handler.
    Handler,
}

/// Whether a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It returns at once.
    AtOnce,
    /// It waits for as long as it takes.
    Waits,
}

/// A program whose outcome is determined: each step, with the number of lines that are
/// written before it begins, and before the line of its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// The steps.
    pub steps: Vec<(usize, usize, Step)>,
}

impl Program {
    /// The interpreter's arguments; `way` is `native` or `traced`.
    #[must_use]
    pub fn arguments(&self, way: &str) -> Vec<String> {
        let start = [way.to_owned(), "-".to_owned()].into_iter();
        let steps = self.steps.iter().map(|(start, result, step)| {
            format!("{start} {result} {} {}", step.thread, step.op.encoded())
        });
        start.chain(steps).collect()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, _, step) in &self.steps {
            writeln!(f, "  thread {}: {}", step.thread, step.op)?;
        }
        Ok(())
    }
}

fn bits(set: SigSet) -> String {
    format!("{:#x}", set.bits())
}

fn number(signal: Option<Signal>) -> i32 {
    signal.map_or(0, Signal::number)
}

impl Op {
    /// As the interpreter reads it.
    fn encoded(&self) -> String {
        match self {
            Self::Action {
                signal,
                kind,
                flags,
                mask,
                raises,
            } => {
                let (signal, raises) = (signal.number(), number(*raises));
                format!(
                    "action {signal} {} {flags} {} {raises}",
                    *kind as u8,
                    bits(*mask)
                )
            }
            Self::Mask(how, set) => format!("mask {} {}", *how as u8, bits(*set)),
            Self::Kill(to, signal) => format!("kill {to} {} 0", number(*signal)),
            Self::Tgkill(to, signal) => format!("tgkill {to} {} 0", signal.number()),
            Self::Queue(to, signal, value) => format!("queue {to} {} {value}", signal.number()),
            Self::QueueThread(to, signal, value) => {
                format!("tgqueue {to} {} {value}", signal.number())
            }
            Self::Pending => "pending".into(),
            Self::Suspend(set) => format!("suspend {}", bits(*set)),
            Self::TimedWait(set, how) => format!("timedwait {} {}", bits(*set), *how as u8),
            Self::Signalfd(set) => format!("signalfd {}", bits(*set)),
            Self::Wait(child, how) => format!("wait {child} {}", *how as u8),
            Self::Alarm => "alarm".into(),
            Self::Fork {
                thread,
                process,
                leads,
            } => format!("fork {thread} {process} {}", u8::from(*leads)),
            Self::Thread(thread) => format!("thread {thread}"),
            Self::Exec => "exec".into(),
            Self::Exit(code) => format!("exit {code}"),
            Self::Leave => "leave".into(),
            Self::Rest => "rest".into(),
            Self::Settle(child, what, pending) => {
                format!("settle {child} {what} {}", u8::from(*pending))
            }
            Self::End(others) => {
                let others: Vec<_> = others.iter().map(ToString::to_string).collect();
                format!("end {} {}", others.len(), others.join(" "))
            }
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(to, Some(signal)) => write!(f, "kill process {to} {signal}"),
            Self::Tgkill(to, signal) => write!(f, "tgkill thread {to} {signal}"),
            Self::Suspend(set) => write!(f, "sigsuspend {set}"),
            Self::Mask(how, set) => write!(f, "sigprocmask {how:?} {set}"),
            other => write!(f, "{other:?}"),
        }
    }
}
