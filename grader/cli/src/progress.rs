//! How far grading a class is.

use std::fmt::Display;
use std::io::{IsTerminal as _, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::output;

/// A bar on standard error, if that is a terminal; nothing otherwise.
///
/// It counts runs, not submissions: what has a result already, or is equal to another
/// submission, takes no time and would make the remaining time look shorter than it is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// For this many runs.
    pub(crate) fn new(runs: usize) -> Self {
        let bar = if stderr().is_terminal() && runs > 0 {
            ProgressBar::with_draw_target(Some(runs as u64), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let template = "{wide_bar} {pos} of {len} runs, {per_sec}, {eta} left";
        let characters = if output::unicode() {
            "█▉▊▋▌▍▎▏ "
        } else {
            "##-"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars(characters));
        }
        Self { bar }
    }

    /// One more run is over.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// Writes a line to standard output, and the bar again below it.
    pub(crate) fn print(&self, line: impl Display) -> Result<(), Failure> {
        self.bar.suspend(|| output::print(format_args!("{line}\n")))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
