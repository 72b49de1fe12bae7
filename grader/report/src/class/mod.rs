//! A whole class's scores, for learning platforms.
//!
//! A platform's export becomes a file that the platform imports. Nothing here reads a file
//! or a clock, or decides who a student is: scores go to lines of a sheet.

mod canvas;
mod moodle;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};

use siglab_lab::GradeResult;

use crate::format::seen;

pub use canvas::{CanvasExport, assignment_name};
pub use moodle::{MoodleWorksheet, number_at_end};
pub use sheet::Sheet;

/// One student's score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Points reached.
    pub points: u32,
    /// Points that can be reached.
    pub max_points: u32,
    /// What to tell the student, in plain text.
    pub feedback: String,
}

/// Scores by the lines of a sheet, the first one below the headings being 0. Who has none
/// is left out: 0 points are a verdict.
pub type Scores = BTreeMap<usize, Score>;

/// What a student may be told of a result, as plain text. `shown` are the ids of the
/// scenarios that aren't hidden.
#[must_use]
pub fn feedback(result: &GradeResult, shown: &BTreeSet<String>) -> String {
    seen::feedback(result, shown)
}

/// Why a sheet can't be filled in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// It isn't CSV.
    #[error("the sheet can't be read as CSV: {0}")]
    NotCsv(#[from] csv::Error),
    /// It has no student in it.
    #[error("the sheet has no students in it")]
    Empty,
    /// A line has more cells than there are headings.
    #[error("line {0} of the sheet has more cells than there are headings")]
    LongLine(usize),
    /// A column isn't there, or can't be told from others.
    #[error("{what}; its columns are: {}", headings.join(", "))]
    Column {
        /// What is missing or not clear.
        what: String,
        /// The sheet's headings.
        headings: Vec<String>,
    },
}
