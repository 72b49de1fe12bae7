//! Grading one submission: build it once, run it under every scenario, evaluate.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use siglab_engine::{Cancel, Command, Options, Stdio};
use siglab_model::{Clock, LimitKind, Trace};

use crate::compile::{self, Built, CompileError, Compiled, Workshop};
use crate::evaluate::{self, BuildOutcome, Evidence};
use crate::lab::Lab;
use crate::manifest::{Criterion, Scenario};
use crate::result::{GradeResult, Language};
use crate::submission::{Submission, SubmissionError};

/// How to grade.
#[derive(Clone, Debug)]
pub struct GradeOptions {
    /// How many scenarios may run at the same time; one for each processor if absent.
    pub jobs: Option<NonZeroUsize>,
    /// Asks grading to stop, from another thread or a signal handler.
    pub cancel: Cancel,
    /// Which clock the scenarios go by. Criteria are meant for the virtual one.
    pub clock: Clock,
    /// The folder in which the libraries for Rust submissions are kept, built once; absent:
    /// `siglab/` in cargo's target folder.
    pub cache: Option<PathBuf>,
    /// Only these criteria, by id; absent: all. The others are skipped.
    pub criteria: Option<Vec<String>>,
    /// How long a compiler may take, in real time.
    pub compile_deadline: Duration,
}

impl Default for GradeOptions {
    /// All criteria, on all processors, by the virtual clock, compilers within a minute.
    fn default() -> Self {
        Self {
            jobs: None,
            cancel: Cancel::default(),
            clock: Clock::Virtual,
            cache: None,
            criteria: None,
            compile_deadline: Duration::from_secs(60),
        }
    }
}

/// What grading gave, with the evidence.
#[derive(Debug)]
pub struct Graded {
    /// Verdicts and score.
    pub result: GradeResult,
    /// The runs, in the manifest's order of scenarios; none if it doesn't compile.
    pub runs: Vec<ScenarioRun>,
}

/// One scenario's run.
#[derive(Debug)]
pub struct ScenarioRun {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// Whether students aren't to see its steps.
    pub hidden: bool,
    /// What happened, or why the run had to be given up.
    pub outcome: Result<Trace, siglab_engine::Error>,
}

/// Why grading could not take place.
#[derive(Debug, thiserror::Error)]
pub enum GradeError {
    /// The submission isn't something that can be compiled.
    #[error(transparent)]
    Submission(#[from] SubmissionError),
    /// The compiler, or what it needs, isn't there.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The machine doesn't let the engine run programs.
    #[error(transparent)]
    Engine(siglab_engine::Error),
    /// A file of the lab can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// [`GradeOptions::criteria`] names one that isn't there.
    #[error("lab {lab} has no criterion `{id}`")]
    UnknownCriterion {
        /// The lab.
        lab: String,
        /// What was asked for.
        id: String,
    },
    /// It was asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Whose doing an error is. Commands choose their exit status by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's: a bad argument, an unreadable or malformed file.
    Usage,
    /// The machine's: no compiler, ptrace not permitted.
    Environment,
    /// siglab's.
    Internal,
    /// It was asked to stop.
    Cancelled,
}

impl GradeError {
    /// Whose doing it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Submission(_) | Self::UnknownCriterion { .. } | Self::Read { .. } => {
                ErrorKind::Usage
            }
            Self::Compile(CompileError::Cancelled) | Self::Cancelled => ErrorKind::Cancelled,
            Self::Compile(_) => ErrorKind::Environment,
            Self::Engine(error) => match error {
                siglab_engine::Error::Internal(_) | siglab_engine::Error::Script { .. } => {
                    ErrorKind::Internal
                }
                _ => ErrorKind::Environment,
            },
        }
    }
}
