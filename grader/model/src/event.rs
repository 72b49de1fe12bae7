//! What happened, one event at a time.

use serde::{Deserialize, Serialize};

use crate::{
    BadArgument, DefaultAction, Disposition, Outside, Role, SendTarget, SentSignal, SigSet, Signal,
    Time, UnsafeFunction, WaitFor, WaitResult,
};

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in nanoseconds of virtual time since the exec of the first process.
    pub t: Time,
    /// The process or thread that it happened to: the receiver of a signal, the parent
    /// at a fork, the reaper of a child. Absent for what concerns no one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What happened.
    #[serde(flatten)]
    pub kind: Kind,
    /// The line of the program that made the call of which this came, if the run was told to
    /// look for it and the symbols tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<Frame>>,
}

/// What kind of thing happened. Serialised with the tag `event`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Kind {
    /// siglab started the first process.
    Spawn {
        /// The program's file name, without its folder.
        program: String,
    },
    /// A process made a child process or a thread.
    Fork {
        /// The new process or thread.
        child: Role,
        /// By which call.
        how: ForkHow,
    },
    /// A process replaced its program.
    Exec {
        /// The new program's file name, without its folder.
        program: String,
    },
    /// A process exited.
    Exit {
        /// Its exit status, 0 to 255.
        code: i32,
    },
    /// A process was terminated by a signal.
    Killed {
        /// The signal.
        signal: Signal,
        /// Whether that signal's action dumps core.
        #[serde(default, skip_serializing_if = "is_false")]
        core: bool,
    },
    /// A thread ended while its process went on.
    ThreadExit {},
    /// A parent ended before this child of it.
    Orphaned {
        /// Its parent from now on, if that is one of the run: the nearest subreaper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Role>,
    },
    /// A parent took the status of a child that had ended, which then ceased to exist.
    Reaped {
        /// The child.
        child: Role,
        /// How it had ended.
        status: ProcessStatus,
    },
    /// A child that had ended ceased to exist without its parent waiting for it, because
    /// that ignores `SIGCHLD` or set `SA_NOCLDWAIT`, or is siglab.
    ReapedByKernel {},
    /// A parent ended without having reaped this child, which had ended before.
    LeftZombie {
        /// Its parent from now on, if that is one of the run: the nearest subreaper.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Role>,
    },
    /// A signal was generated for this process or thread.
    Generated {
        /// The signal.
        signal: Signal,
        /// Who generated it: a role, `script`, `kernel` or `outside`.
        from: Role,
        /// For the whole process or for one thread.
        directed: Directed,
        /// What the receiver can read about it.
        #[serde(flatten)]
        info: SigInfo,
    },
    /// A signal was generated that was pending already: standard signals merge, so this
    /// instance is lost. Comes in place of `generated`.
    Merged {
        /// The signal.
        signal: Signal,
        /// Who generated it.
        from: Role,
    },
    /// A generated signal stays pending because the receiver blocks it.
    BlockedPending {
        /// The signal.
        signal: Signal,
    },
    /// A signal was delivered.
    Delivered {
        /// The signal.
        signal: Signal,
        /// What the receiver does with it.
        disposition: Action,
        /// What the receiver can read about it.
        #[serde(flatten)]
        info: SigInfo,
    },
    /// A pending signal was taken by `sigwait` and its kin, or read from a signalfd.
    Accepted {
        /// The signal.
        signal: Signal,
        /// The call, such as `rt_sigtimedwait` or `read`.
        by: String,
        /// What the receiver can read about it.
        #[serde(flatten)]
        info: SigInfo,
    },
    /// A handler started.
    HandlerEntered {
        /// The signal.
        signal: Signal,
        /// The handler's name, if the program's symbols tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// How many handlers are now active in this thread, from 1.
        depth: usize,
    },
    /// A handler ended.
    HandlerLeft {
        /// The signal.
        signal: Signal,
        /// How.
        how: HandlerExit,
    },
    /// A signal's default action was taken.
    DefaultAction {
        /// The signal.
        signal: Signal,
        /// The action.
        action: DefaultAction,
        /// Where, innermost call first, if the action dumps core; of the handler, if the
        /// thread is in one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stack: Vec<Frame>,
        /// The stack of the code that this handler interrupted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        interrupted: Vec<Frame>,
    },
    /// A process stopped.
    Stopped {
        /// The signal that stopped it.
        signal: Signal,
    },
    /// A stopped process goes on.
    Continued {},
    /// A process changed what it does with a signal.
    DispositionChanged {
        /// The signal.
        signal: Signal,
        /// What it does with it from now on.
        #[serde(rename = "disposition")]
        new: Disposition,
    },
    /// A thread changed its signal mask.
    MaskChanged {
        /// How the mask was changed.
        how: MaskHow,
        /// All that is blocked now.
        mask: SigSet,
    },
    /// A thread began to wait in the kernel.
    WaitBegun {
        /// The system call.
        syscall: String,
        /// What it waits for.
        #[serde(default, skip_serializing_if = "WaitFor::is_unnamed")]
        what: WaitFor,
        /// When it gives up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// A thread's wait ended.
    WaitEnded {
        /// The system call.
        syscall: String,
        /// How.
        result: WaitResult,
    },
    /// A call that a signal had interrupted goes on without the program noticing.
    Restarted {
        /// The system call.
        syscall: String,
    },
    /// A system call that a signal handler interrupted returns `EINTR`.
    Interrupted {
        /// The system call.
        syscall: String,
        /// The handled signal.
        signal: Signal,
    },
    /// Nothing could run: the clock moved on.
    ClockAdvanced {
        /// From when; `t` is where it moved to.
        from: Time,
    },
    /// The program wrote something.
    Output {
        /// Where to.
        stream: Stream,
        /// What, with pids of the run replaced by `<role>` and invalid UTF-8 by U+FFFD.
        text: String,
    },
    /// The script wrote to the program's standard input or typed at its terminal; or somebody
    /// typed at siglab's own.
    Input {
        /// What, with control characters as `^C`.
        text: String,
        /// Whether it was a person, and not the script.
        #[serde(default, skip_serializing_if = "is_false")]
        by_person: bool,
    },
    /// The script did something to the terminal or standard input: `hang-up`,
    /// `resize 40x100`, `close-stdin`. Or a person did, at siglab's own: `resize
    /// 40x100`, `hang-up`, and `escape`, which ends the run.
    Terminal {
        /// What was done.
        action: String,
        /// Whether it was a person, and not the script.
        #[serde(default, skip_serializing_if = "is_false")]
        by_person: bool,
    },
    /// A call tried to reach something outside the run, and was refused.
    Denied {
        /// The system call.
        syscall: String,
        /// What it tried to reach.
        what: Outside,
        /// The signal, if it tried to send one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<Signal>,
        /// The errno that the program got.
        errno: String,
    },
    /// A call that sends a signal failed as it does natively.
    SendFailed {
        /// The system call.
        syscall: String,
        /// The target.
        target: SendTarget,
        /// The signal, as the call names it.
        signal: SentSignal,
        /// The errno: `ESRCH`, `EINVAL` or `EPERM`.
        errno: String,
    },
    /// A call about signals, waiting or children failed at once. Told once until the thread
    /// waits again.
    CallFailed {
        /// The system call.
        syscall: String,
        /// What it should have waited for.
        #[serde(default, skip_serializing_if = "WaitFor::is_unnamed")]
        what: WaitFor,
        /// The errno.
        errno: String,
        /// The argument that the kernel doesn't take, if that can be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        argument: Option<BadArgument>,
    },
    /// A thread keeps the processor busy while it waits for something.
    BusyWaiting {
        /// How.
        how: BusyKind,
        /// The call that it repeats, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        syscall: Option<String>,
        /// Where, outermost call last.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stack: Vec<Frame>,
    },
    /// The explorer injects a signal at this moment. It is generated next.
    Injected {
        /// The signal.
        signal: Signal,
        /// Where the thread is, innermost call first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stack: Vec<Frame>,
    },
    /// The explorer lets others run at this moment.
    Preempted {
        /// Where the thread is, innermost call first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stack: Vec<Frame>,
    },
    /// A handler returned with another errno than it found. Only where handlers are
    /// followed.
    ErrnoChanged {
        /// The handled signal.
        signal: Signal,
        /// The errno at the handler's start, as a number.
        before: i32,
        /// The errno at its end.
        after: i32,
        /// What the handler had interrupted, innermost call first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        interrupted: Vec<Frame>,
    },
    /// A signal handler called a function that isn't async-signal-safe. Only where handlers
    /// are followed.
    UnsafeCall {
        /// The handled signal.
        signal: Signal,
        /// The function.
        function: UnsafeFunction,
        /// Where, innermost call first.
        stack: Vec<Frame>,
    },
    /// Every thread waits and nothing can wake any of them: proved, not guessed.
    Deadlock {
        /// All threads, and what each waits for.
        waiting: Vec<Waiting>,
    },
    /// The program used something that the engine doesn't control.
    Unsupported {
        /// The system call.
        syscall: String,
        /// What about it.
        what: String,
    },
    /// Several threads could run; the policy chose this event's role.
    Chosen {
        /// All that could have been chosen.
        among: Vec<Role>,
    },
    /// A limit of the run was reached; everything was ended.
    Limit {
        /// Which.
        limit: LimitKind,
        /// The processes that outlived the first one, and were ended now: only of
        /// [`LimitKind::Linger`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ended: Vec<Role>,
    },
    /// The script had this step left to do when the run ended.
    ScriptUnfinished {
        /// Its position, from 1.
        step: usize,
        /// What it was, in words.
        what: String,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// By which call a process made another process or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForkHow {
    /// `fork`, or `clone` without sharing.
    Fork,
    /// `vfork`, or `clone` with `CLONE_VFORK` (as posix_spawn does).
    Vfork,
    /// A new process that shares something, by `clone`.
    Clone,
    /// A thread.
    Thread,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessStatus {
    /// It exited with this status.
    Exited(i32),
    /// This signal terminated it.
    Killed(Signal),
}

/// Whom a signal was generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directed {
    /// The process: any thread that doesn't block it may take it.
    Process,
    /// One thread.
    Thread,
}

/// The fields of `siginfo_t` that say where a signal came from: sigaction(2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigInfo {
    /// `si_code` by name: `SI_USER`, `SI_TKILL`, `SI_QUEUE`, `SI_KERNEL`, `CLD_EXITED`, ....
    pub code: String,
    /// `si_pid` by role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<Role>,
    /// `si_value` as an integer, of `sigqueue` and timers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// `si_status` of `SIGCHLD`: an exit status or a signal number, as `code` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// `si_overrun` of timers, if not 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrun: Option<i32>,
}

/// What a receiver does with a delivered signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The default action.
    Default,
    /// Nothing.
    Ignore,
    /// It runs its handler: the signal is caught.
    Handler,
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandlerExit {
    /// It returned.
    Return,
    /// It jumped out: `siglongjmp`, `longjmp`, an exception, a panic.
    Jump,
}

/// How a signal mask was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskHow {
    /// `SIG_BLOCK`.
    Block,
    /// `SIG_UNBLOCK`.
    Unblock,
    /// `SIG_SETMASK`.
    Set,
}

/// Where output went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The terminal.
    Terminal,
}

/// How a thread keeps the processor busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusyKind {
    /// It repeats a call that doesn't block.
    Polling,
    /// It computes, or spins on a variable, without making a call.
    Spinning,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Virtual time.
    VirtualTime,
    /// Real time: processor or wall clock, whichever the run was given.
    RealTime,
    /// Proved: the threads that don't wait go round in loops that can't end by themselves,
    /// and nothing else can happen any more.
    NoProgress,
    /// Bytes of output.
    Output,
    /// Processes and threads.
    Processes,
    /// Events in the trace.
    Events,
    /// siglab was asked to stop.
    Cancelled,
    /// The first process had ended, and others went on for as long as they were given.
    Linger,
    /// The program used something without which the run can't go on: the event before says
    /// what.
    Unsupported,
}

/// A function on a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its name, or the nearest symbol's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The file name of the program or library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The source file, as the compiler wrote it, without its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether the source file is one of a library that was compiled into the program: of
    /// Rust's own, or of a package from a registry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub library: bool,
}

/// A thread that waits, at a deadlock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The thread.
    pub role: Role,
    /// The system call in which it waits, or `stopped`.
    pub syscall: String,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "WaitFor::is_unnamed")]
    pub what: WaitFor,
    /// The signals that are pending for it and blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<SigSet>,
    /// Its stack, innermost call first; of the handler, if it is in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Frame>,
    /// The signal whose handler it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Signal>,
    /// The stack of the code that the handler interrupted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupted: Vec<Frame>,
}
