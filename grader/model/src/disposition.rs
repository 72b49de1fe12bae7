//! What a process does with a signal.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SigSet;

/// What happens by default: the column "Action" of signal(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultAction {
    /// `Term`: the process ends.
    Terminate,
    /// `Core`: the process ends and dumps core.
    Core,
    /// `Ign`: nothing.
    Ignore,
    /// `Stop`: the process stops.
    Stop,
    /// `Cont`: a stopped process goes on.
    Continue,
}

/// The flags of a handler that change what a delivery does: sigaction(2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct HandlerFlags {
    /// `SA_RESTART`: interrupted calls go on after the handler, where they can.
    #[serde(skip_serializing_if = "is_false")]
    pub restart: bool,
    /// `SA_SIGINFO`: the handler takes three arguments.
    #[serde(skip_serializing_if = "is_false")]
    pub siginfo: bool,
    /// `SA_NODEFER`: the signal isn't blocked while its handler runs.
    #[serde(skip_serializing_if = "is_false")]
    pub nodefer: bool,
    /// `SA_RESETHAND`: back to the default when the handler starts.
    #[serde(skip_serializing_if = "is_false")]
    pub resethand: bool,
    /// `SA_ONSTACK`: runs on the alternative stack.
    #[serde(skip_serializing_if = "is_false")]
    pub onstack: bool,
    /// `SA_NOCLDSTOP`: no `SIGCHLD` when a child stops or goes on.
    #[serde(skip_serializing_if = "is_false")]
    pub nocldstop: bool,
    /// `SA_NOCLDWAIT`: children don't become zombies.
    #[serde(skip_serializing_if = "is_false")]
    pub nocldwait: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl fmt::Display for HandlerFlags {
    /// `SA_RESTART|SA_SIGINFO`, or nothing when no flag is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = [
            (self.restart, "SA_RESTART"),
            (self.siginfo, "SA_SIGINFO"),
            (self.nodefer, "SA_NODEFER"),
            (self.resethand, "SA_RESETHAND"),
            (self.onstack, "SA_ONSTACK"),
            (self.nocldstop, "SA_NOCLDSTOP"),
            (self.nocldwait, "SA_NOCLDWAIT"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect();
        f.write_str(&names.join("|"))
    }
}

/// What a process does with a signal: signal(7), "Signal dispositions".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Disposition {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// A handler: the signal is *caught*.
    Handler {
        /// The handler's name, if the program's symbols tell.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// Its flags.
        #[serde(flatten)]
        flags: HandlerFlags,
        /// What is blocked besides the signal itself while it runs.
        #[serde(default, skip_serializing_if = "is_empty")]
        mask: SigSet,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_empty(set: &SigSet) -> bool {
    set.is_empty()
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("SIG_DFL"),
            Self::Ignore => f.write_str("SIG_IGN"),
            Self::Handler { function, .. } => {
                f.write_str(function.as_deref().unwrap_or("a handler"))
            }
        }
    }
}
