//! A whole class's scores, for learning platforms.
//!
//! The functions here take what a platform exported, and give back what it imports. They
//! read no files and no clock. Which student is meant is looked up by whatever the platform
//! knows of them; who isn't found, or could be two people, is reported and never guessed.

mod canvas;
mod moodle;
mod sheet;
mod summary;

pub use canvas::canvas;
pub use moodle::moodle;
pub use summary::summary;

/// One student's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    /// What the platform knows the student by: a number, a login, an e-mail address.
    pub identifier: String,
    /// The student's name, as the platform writes it; may be empty.
    pub name: String,
    /// Points reached; absent if there is no submission, or grading it failed for reasons
    /// that aren't the submission's. Then nothing is written for this student: 0 points are
    /// a verdict.
    pub score: Option<u32>,
    /// Points that can be reached.
    pub max_score: u32,
    /// What to tell the student, in plain text.
    pub feedback: String,
}

/// A filled-in sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The file's content, to be imported.
    pub csv: String,
    /// The identifiers of results for which the sheet has no student.
    pub not_in_sheet: Vec<String>,
    /// The students of the sheet for whom there is no score, as the sheet names them.
    pub without_score: Vec<String>,
}

/// Why a sheet can't be filled in.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// It isn't CSV.
    #[error("the sheet can't be read as CSV: {0}")]
    NotCsv(#[from] csv::Error),
    /// It has no student in it.
    #[error("the sheet has no students in it")]
    Empty,
    /// A column isn't there, or can't be told from others.
    #[error("the sheet's columns can't be recognised: {what}; there are: {}", headings.join(", "))]
    Column {
        /// What is missing or not clear.
        what: String,
        /// The sheet's headings.
        headings: Vec<String>,
    },
    /// A result belongs to several lines of the sheet, or several results to one.
    #[error("`{identifier}` is not one student: {why}")]
    Ambiguous {
        /// The result's identifier.
        identifier: String,
        /// What it could mean.
        why: String,
    },
    /// Results that can't be compared with one another.
    #[error("results with different highest scores ({0} and {1}) can't be in one column")]
    MaxScore(u32, u32),
}
