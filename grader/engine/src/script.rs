//! What happens to a program from outside, and when.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use siglab_model::{Signal, Time};

/// The steps of a run, carried out one after another.
///
/// A step is carried out when its [`When`] is true *and* no thread can run: a program
/// always gets as far as it can first. Deadlines of the program that fall on the same
/// moment as a step go first. Steps that are due at the same instant, and wait for nothing
/// else, are carried out together, before any thread runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Script {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Script {
    /// Adds a step.
    #[must_use]
    pub fn then(mut self, when: When, action: Action) -> Self {
        self.steps.push(Step { when, action });
        self
    }

    /// Adds: at `time`, send `signal` to the process `role`.
    #[must_use]
    pub fn send_at(self, time: Time, signal: Signal, role: &str) -> Self {
        self.then(
            When::At(time),
            Action::Send {
                signal,
                to: role.into(),
            },
        )
    }

    /// The position of the first step that waits until a signal has been injected.
    pub(crate) fn injected_step(&self) -> Option<usize> {
        self.steps
            .iter()
            .position(|step| step.when == When::Injected)
    }

    /// The processes and threads that its steps name.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| {
            let awaited = match &step.when {
                When::Waiting { role, .. } | When::Ended { role } => Some(role.as_str()),
                _ => None,
            };
            let receiver = match &step.action {
                Action::Send { to, .. }
                | Action::SendGroup { to, .. }
                | Action::Queue { to, .. } => Some(to.as_str()),
                _ => None,
            };
            awaited.into_iter().chain(receiver)
        })
    }

    /// The position of the first step that takes a terminal.
    #[must_use]
    pub fn needs_terminal(&self) -> Option<usize> {
        self.steps.iter().position(|step| {
            matches!(
                step.action,
                Action::Press(_) | Action::HangUp | Action::Resize { .. }
            )
        })
    }

    /// Whether a step writes to, or closes, standard input.
    #[must_use]
    pub fn uses_stdin(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.action, Action::Type(_) | Action::CloseStdin))
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub when: When,
    /// What.
    pub action: Action,
}

/// What a step waits for, once the step before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// For nothing.
    Now,
    /// For this moment of virtual time; no wait if it is past.
    At(Time),
    /// For this long after the step before was carried out (or the exec).
    After(Duration),
    /// Until the program has written this text, on any stream, since the last step that
    /// waited for output. Pids of the run are compared as `<role>`.
    Output(String),
    /// Until the thread `role` waits in a system call: in `syscall`, if one is named.
    Waiting {
        /// Which thread.
        role: String,
        /// Which system call, such as `rt_sigtimedwait`.
        syscall: Option<String>,
    },
    /// Until the process `role` has ended.
    Ended {
        /// Which process.
        role: String,
    },
    /// Until a signal has been injected: [`crate::Options::injections`]. In a run without
    /// injections, for ever. Moments are only those from when the steps before it are done.
    Injected,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing: the step only waits.
    Nothing,
    /// `kill`: sends `signal` to the process `to`, or to the one thread if `to` names a
    /// thread other than a process's first (then as `tgkill` does).
    Send {
        /// The signal.
        signal: Signal,
        /// The role of the receiver.
        to: String,
    },
    /// `kill` with the process group of `to`.
    SendGroup {
        /// The signal.
        signal: Signal,
        /// The role of a member of the group.
        to: String,
    },
    /// `sigqueue`: sends `signal` with a value.
    Queue {
        /// The signal.
        signal: Signal,
        /// The value, `sival_int`.
        value: i32,
        /// The role of the receiver.
        to: String,
    },
    /// Types a key at the terminal.
    Press(Key),
    /// Writes text to standard input, or types it at the terminal.
    Type(String),
    /// Closes the write end of standard input; at a terminal, types the end-of-file
    /// character.
    CloseStdin,
    /// Hangs the terminal up.
    HangUp,
    /// Changes the size of the terminal's window.
    Resize {
        /// Rows.
        rows: u16,
        /// Columns.
        columns: u16,
    },
}

/// A key that makes a terminal generate a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// Ctrl+C: `SIGINT` to the foreground process group.
    CtrlC,
    /// Ctrl+\\: `SIGQUIT`.
    CtrlBackslash,
    /// Ctrl+Z: `SIGTSTP`.
    CtrlZ,
    /// Ctrl+D: end of file.
    CtrlD,
}

impl Key {
    /// The character that the key sends.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::CtrlC => 0x03,
            Self::CtrlD => 0x04,
            Self::CtrlZ => 0x1a,
            Self::CtrlBackslash => 0x1c,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CtrlC => "^C",
            Self::CtrlD => "^D",
            Self::CtrlZ => "^Z",
            Self::CtrlBackslash => "^\\",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.when, &self.action) {
            (when, Action::Nothing) => write!(f, "{when}"),
            (When::Now, action) => write!(f, "{action}"),
            (when, action) => write!(f, "{when}, {action}"),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::At(time) => write!(f, "at {time}"),
            Self::After(duration) => write!(f, "after {duration:?}"),
            Self::Output(text) => write!(f, "when {text:?} is written"),
            Self::Waiting {
                role,
                syscall: None,
            } => write!(f, "when {role} waits"),
            Self::Waiting {
                role,
                syscall: Some(name),
            } => {
                write!(f, "when {role} waits in {name}")
            }
            Self::Ended { role } => write!(f, "when {role} has ended"),
            Self::Injected => write!(f, "when the signal that is tried has come"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Send { signal, to } => write!(f, "send {signal} to {to}"),
            Self::SendGroup { signal, to } => write!(f, "send {signal} to the group of {to}"),
            Self::Queue { signal, value, to } => {
                write!(f, "queue {signal} with value {value} to {to}")
            }
            Self::Press(key) => write!(f, "press {key}"),
            Self::Type(text) => write!(f, "type {text:?}"),
            Self::CloseStdin => f.write_str("close standard input"),
            Self::HangUp => f.write_str("hang up"),
            Self::Resize { rows, columns } => write!(f, "resize to {rows}x{columns}"),
        }
    }
}
