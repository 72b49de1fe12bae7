//! Reports: what happened in a run, and what a grade says, for people and for machines.
//!
//! Every format is a reader of the same two documents, the event list of a
//! [`Trace`](siglab_model::Trace) and a lab's result. None runs anything, and none knows
//! of another.

#![forbid(unsafe_code)]

pub mod class;
mod exploration;
mod format;

pub use exploration::{exploration, outcomes};
pub use format::{
    AssignmentType, Classroom50, FORMATS, Format, ReportOptions, SUMMARY_LIMIT, format, verdict,
};
pub use siglab_timeline::{Timeline, TimelineOptions, count, locale_has_unicode, sentence, wrap};
use siglab_timeline::{escape, style};

/// Makes text that others wrote harmless for a terminal: escapes control characters,
/// except line ends, and characters that hide or reorder others.
#[must_use]
pub fn escape_lines(text: &str) -> String {
    escape::lines(text)
}

/// Text that others wrote as a part of a line of Markdown: nothing in it is markup, a link or
/// a mention, and control characters are escaped as [`escape_lines`] does.
#[must_use]
pub fn escape_markdown(text: &str) -> String {
    format::markdown::escape(&escape_lines(text))
}
