//! Formats for the result of grading: one small file each.
//!
//! A new format is a file beside these that implements [`Format`], and a line in
//! [`FORMATS`]. The command line, its help and its errors follow from that.

mod json;
mod text;

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
pub const FORMATS: &[&dyn Format] = &[&text::Text, &json::Json];

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
    /// The most rows of a timeline that explain a failed criterion; 0 for no timeline.
    pub excerpt_rows: usize,
}

impl Default for ReportOptions {
    /// Unicode, 14 rows.
    fn default() -> Self {
        Self {
            unicode: true,
            excerpt_rows: 14,
        }
    }
}
