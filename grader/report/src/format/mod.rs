//! Formats for the result of grading: one small file each.
//!
//! A new format is a file beside these that implements [`Format`], and a line in
//! [`FORMATS`]. The command line, its help and its errors follow from that.

mod classroom50;
mod exercism;
mod github;
mod gradescope;
mod json;
mod junit;
pub(crate) mod markdown;
pub(crate) mod seen;
mod tap;
mod text;

pub use classroom50::{AssignmentType, Classroom50};
pub use text::verdict;

use std::fmt;
use std::io::{self, Write};

use siglab_lab::Graded;

/// A way to write down what grading gave.
pub trait Format: fmt::Debug + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What it is for, in a few words.
    fn about(&self) -> &'static str;

    /// Whether it writes ANSI styles, which have to be stripped for what isn't a
    /// terminal.
    fn is_styled(&self) -> bool {
        false
    }

    /// Whether the exit status of a command that wrote it tells the verdict, too. A format's
    /// readers may take any status but 0 for a failure of the grader.
    fn verdict_in_exit_status(&self) -> bool {
        true
    }

    /// Whether somebody waits for a document even if the submission couldn't be graded.
    fn is_for_programs(&self) -> bool {
        true
    }

    /// Whether [`ReportOptions::classroom50`] must be there.
    fn needs_classroom50(&self) -> bool {
        false
    }

    /// A summary to be put beside the document, in Markdown, if the format has one: at most
    /// `room` bytes.
    fn summary(&self, _graded: &Graded, _options: &ReportOptions, _room: usize) -> Option<String> {
        None
    }

    /// Writes the whole document, with a line end at its end.
    ///
    /// # Errors
    /// What `out` reports.
    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

/// All formats; the first is the default.
pub const FORMATS: &[&dyn Format] = &[
    &text::Text,
    &json::Json,
    &junit::JUnit,
    &gradescope::Gradescope,
    &exercism::Exercism,
    &classroom50::Classroom50Result,
    &github::GitHub,
    &tap::Tap,
    &markdown::Markdown,
];

/// The most bytes of the summary of a step of GitHub Actions: 1 MiB. Other services that
/// show Markdown take less, or as much.
pub const SUMMARY_LIMIT: usize = 1 << 20;

/// The format with this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// How to write a report.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Whether text for people may use more than ASCII.
    pub unicode: bool,
    /// Whether text for people has every criterion in full. Otherwise it is what fits on a
    /// screen: the first criterion that doesn't hold, and a line for others.
    pub all: bool,
    /// The columns of the terminal that text for people is for, if it is for one.
    pub columns: Option<usize>,
    /// The most rows of a timeline that explain a failed criterion; 0 for no timeline.
    pub excerpt_rows: usize,
    /// The submission's file, as whoever reads the report knows it; absent if it isn't
    /// known to them.
    pub source: Option<String>,
    /// What a Classroom 50 result says besides the score.
    pub classroom50: Option<Classroom50>,
}

impl Default for ReportOptions {
    /// Unicode, a screen for no terminal, 14 rows, and nothing known about the submission.
    fn default() -> Self {
        Self {
            unicode: true,
            all: false,
            columns: None,
            excerpt_rows: 14,
            source: None,
            classroom50: None,
        }
    }
}
