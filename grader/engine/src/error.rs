//! Why a run could not take place.

use std::io;
use std::path::PathBuf;

/// Why a run could not take place, or had to be given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program can't be executed: missing, not permitted, not an executable format.
    #[error("can't execute {}: {source}", program.display())]
    Exec {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// ptrace(2) is not permitted here.
    #[error("ptrace is not permitted here: {source}")]
    PtraceDenied {
        /// Why.
        source: io::Error,
    },
    /// The machine can't do something that every run needs.
    #[error("{operation}: {source}")]
    Environment {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A step of the script can't be carried out in this run.
    #[error("step {step} of the script ({what}): {why}")]
    Script {
        /// Its position, from 1.
        step: usize,
        /// What it was.
        what: String,
        /// Why not.
        why: String,
    },
    /// The engine met a state that it should never meet.
    #[error("internal error: {0}")]
    Internal(String),
}
