//! What exploring gives: schema `siglab/explore/v1`.

use serde::{Deserialize, Serialize};
use siglab_model::{Frame, Role, Signal, Trace};

use crate::witness::Witness;

/// The name and version of the serialised form.
pub const EXPLORE_SCHEMA: &str = "siglab/explore/v1";

/// What went wrong. The serialised names never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Threads wait for each other, or for themselves: proved by quiescence.
    Deadlock,
    /// A process died of a fault of its own, or aborted.
    Crash,
    /// It runs for ever without progress.
    Hang,
    /// It waits for ever although the signal came.
    LostWakeup,
    /// The signal came in a window in which it had no handler.
    KilledByDefault,
    /// Lines are torn, lost or repeated.
    OutputCorrupted,
    /// A handler calls a function that isn't async-signal-safe.
    UnsafeCall,
    /// A handler returns with another errno than it found.
    ErrnoClobbered,
    /// A criterion of a lab doesn't hold.
    CriterionFailed,
}

impl FindingKind {
    /// All kinds, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Deadlock,
        Self::Crash,
        Self::Hang,
        Self::LostWakeup,
        Self::KilledByDefault,
        Self::OutputCorrupted,
        Self::UnsafeCall,
        Self::ErrnoClobbered,
        Self::CriterionFailed,
    ];

    /// Its serialised name.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Deadlock => "deadlock",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::LostWakeup => "lost-wakeup",
            Self::KilledByDefault => "killed-by-default",
            Self::OutputCorrupted => "output-corrupted",
            Self::UnsafeCall => "unsafe-call",
            Self::ErrnoClobbered => "errno-clobbered",
            Self::CriterionFailed => "criterion-failed",
        }
    }

    /// The kind with this serialised name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// How many moments there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Moments that were found, each for each of its signals.
    pub total: usize,
    /// Those that were tried.
    pub tried: usize,
    /// Those of the tried ones at which nothing goes wrong.
    pub safe: usize,
}

/// One distinct cause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What goes wrong.
    pub kind: FindingKind,
    /// At how many of the tried moments.
    pub moments: usize,
    /// `criterion-failed`: the id of what doesn't hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// In one line.
    pub title: String,
    /// How it comes about.
    pub explanation: String,
    /// What to do instead.
    pub advice: String,
    /// The signal, if it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Whom it hits.
    pub role: Role,
    /// The stack of the code that the signal interrupted, innermost call first.
    pub interrupted: Vec<Frame>,
    /// The stack of the handler.
    pub handler: Vec<Frame>,
    /// How to see it again; absent where there is no one run that shows it.
    pub witness: Option<Witness>,
    /// The run that shows it. It isn't serialised: the witness gives it again.
    #[serde(skip)]
    pub trace: Option<Trace>,
}

/// A line of the program's source, and what happens at its moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazards {
    /// The source file's name, without its folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// Tried moments at which nothing goes wrong.
    pub safe: usize,
    /// Those at which it hangs: deadlocks, lost wake-ups, endless loops.
    pub hang: usize,
    /// Those at which it crashes, or is killed.
    pub crash: usize,
    /// Those at which its output is corrupted, or something else is wrong.
    pub corrupt: usize,
}

/// What exploring comes to, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Something was found.
    Found,
    /// Something was tried, and nothing was found.
    #[default]
    NothingFound,
    /// Nothing was tried: no signal came at any moment, and there was no other order of
    /// scheduling. It says nothing about the program.
    NothingTried,
}

/// What exploring a program gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exploration {
    /// [`EXPLORE_SCHEMA`].
    pub schema: String,
    /// The program's file name.
    pub program: String,
    /// The signals that were tried.
    pub signals: Vec<Signal>,
    /// `fast` or `all`.
    pub strategy: String,
    /// What it comes to.
    #[serde(default)]
    pub conclusion: Conclusion,
    /// How many moments.
    pub moments: Counts,
    /// Whether all moments were found and tried.
    pub complete: bool,
    /// Whether time was up before its moments were known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub out_of_time: bool,
    /// What was left out, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Orders of scheduling that were tried.
    pub schedules: u64,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// The program's lines, in order.
    pub map: Vec<Hazards>,
}

/// One distinct outcome of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// How often it was seen.
    pub runs: u64,
    /// What was written to standard output and standard error.
    pub output: String,
    /// How each process ended: role, and exit status or signal; `waits` if it never did.
    pub ends: Vec<(Role, String)>,
    /// A run that gives it.
    pub witness: Witness,
}

/// The distinct outcomes that different orders of scheduling gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcomes {
    /// [`EXPLORE_SCHEMA`].
    pub schema: String,
    /// The program's file name.
    pub program: String,
    /// How many runs there were.
    pub runs: u64,
    /// Whether every order with up to `preemptions` pre-emptions was tried.
    pub complete: bool,
    /// The bound on pre-emptions.
    pub preemptions: usize,
    /// The outcomes, the commonest first.
    pub outcomes: Vec<Outcome>,
}
