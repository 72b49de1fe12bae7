//! Why a class can't be graded.

use std::io;
use std::path::PathBuf;

use siglab_lab::{ErrorKind, GradeError};

/// Why a class can't be graded, or grading it had to be given up. What was written before
/// stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// A file or folder can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder can't be written.
    #[error("can't write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder of submissions holds none.
    #[error("{} holds no submissions", dir.display())]
    NoSubmissions {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder of submissions and the one of results are one in the other: results
    /// would be taken for submissions.
    #[error("results can't go to {}: {} is inside {}", out.display(), inner.display(), outer.display())]
    Nested {
        /// The folder of results.
        out: PathBuf,
        /// The one that is inside.
        inner: PathBuf,
        /// The one around it.
        outer: PathBuf,
    },
    /// A `course.toml` that can't be read, or contradicts itself.
    #[error("{}:{line}:{column}: {why}", path.display())]
    Course {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Where in the line, in characters from 1.
        column: usize,
        /// Why.
        why: String,
        /// What to do, if that can be said.
        hint: Option<String>,
    },
    /// A folder for a course's results holds something else.
    #[error("{} is not empty, and holds no results of a course", out.display())]
    NotCourse {
        /// The folder.
        out: PathBuf,
    },
    /// An archive of submissions can't be unpacked.
    #[error("{} {why}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A roster isn't one.
    #[error("{}: {why}", path.display())]
    Roster {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A roster has no column for what `--gradebook` names.
    #[error("{}: {why}", path.display())]
    Gradebook {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
        /// What to do.
        hint: String,
    },
    /// A roster knows nobody who handed in.
    #[error(
        "{} knows none of the {submissions} submissions, such as `{example}`; is it of another course?",
        path.display()
    )]
    RosterKnowsNobody {
        /// The file.
        path: PathBuf,
        /// How many submissions there are.
        submissions: usize,
        /// The name of one.
        example: String,
    },
    /// A folder for results isn't empty, and holds no results of siglab's.
    #[error("{} is not empty, and holds no store of results", out.display())]
    NotResults {
        /// The folder.
        out: PathBuf,
    },
    /// A folder of results that should be there isn't.
    #[error("{} holds no results yet; `siglab grade` makes them", out.display())]
    NothingToRegrade {
        /// The folder.
        out: PathBuf,
    },
    /// Results are those of another lab or of another part of the class.
    #[error("{} holds results of {theirs}, not of {ours}", out.display())]
    Other {
        /// The folder.
        out: PathBuf,
        /// What it holds.
        theirs: String,
        /// What was asked for.
        ours: String,
    },
    /// Results were made with another version of what they depend on.
    #[error("the results in {} were made with {}", out.display(), what.join(", and with "))]
    Outdated {
        /// The folder.
        out: PathBuf,
        /// With what.
        what: Vec<String>,
    },
    /// The store is damaged, or no store.
    #[error("{} is damaged: {why}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// The store can't be read or written.
    #[error("{}: {why}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Another siglab works on these results.
    #[error("another siglab is writing to {}", out.display())]
    Busy {
        /// The folder.
        out: PathBuf,
    },
    /// Results can't be merged.
    #[error("can't merge: {0}")]
    Merge(String),
    /// Something that grading needs isn't there.
    #[error(transparent)]
    Grade(#[from] GradeError),
    /// Nothing can be graded on this machine, as a grader's process has found out.
    #[error("{message}")]
    Grader {
        /// Why.
        message: String,
        /// Whether siglab is to blame, rather than the machine.
        is_internal: bool,
    },
    /// It was asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// siglab failed.
    #[error("{0}")]
    Internal(String),
}

impl ClassError {
    /// Whose doing it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            // A full disk is a matter of the machine, a wrong path one of the user.
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::InvalidInput
                | io::ErrorKind::NotFound
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::IsADirectory => ErrorKind::Usage,
                _ => ErrorKind::Environment,
            },
            Self::Read { .. }
            | Self::NoSubmissions { .. }
            | Self::Nested { .. }
            | Self::Course { .. }
            | Self::NotCourse { .. }
            | Self::Archive { .. }
            | Self::Roster { .. }
            | Self::Gradebook { .. }
            | Self::RosterKnowsNobody { .. }
            | Self::NotResults { .. }
            | Self::NothingToRegrade { .. }
            | Self::Other { .. }
            | Self::Outdated { .. }
            | Self::Corrupt { .. }
            | Self::Busy { .. }
            | Self::Merge(_) => ErrorKind::Usage,
            Self::Store { .. } => ErrorKind::Environment,
            Self::Grade(error) => error.kind(),
            Self::Grader {
                is_internal: false, ..
            } => ErrorKind::Environment,
            Self::Grader { .. } => ErrorKind::Internal,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// There can be no process for a grader.
    pub(crate) fn no_grader(error: io::Error) -> Self {
        Self::Grader {
            message: format!("can't have a process for a submission: {}", reason(&error)),
            is_internal: false,
        }
    }

    /// What to do about it, if that isn't clear from the error.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Nested { .. } => Some("name a folder beside the submissions with --out".into()),
            Self::Gradebook { hint, .. } => Some(hint.clone()),
            Self::Course { hint, .. } => hint.clone(),
            Self::Grader {
                is_internal: false, ..
            } => Some("`siglab doctor` says what is missing".into()),
            Self::NotResults { .. } | Self::NotCourse { .. } => {
                Some("name an empty folder, or a new one, with --out".into())
            }
            Self::Other { .. } => {
                Some("name another folder with --out; nothing was changed".into())
            }
            Self::Outdated { .. } => Some(
                "`siglab regrade` grades again and says what changed; nothing was changed so far"
                    .into(),
            ),
            Self::Corrupt { .. } => Some(
                "nothing was changed; the results in results/ can still be read. Grade to another \
                 folder with --out"
                    .into(),
            ),
            Self::Store { .. } => Some(
                "every result that was reported is kept; make room, and the same command goes on"
                    .into(),
            ),
            Self::Write { .. } if self.kind() == ErrorKind::Environment => Some(
                "every result that was reported is kept; make room, and the same command goes on"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// The operating system's words for an error, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned()
}
