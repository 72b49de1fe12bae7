//! How far siglab is, for who waits at a terminal.

use std::fmt::Display;
use std::io::{IsTerminal as _, stderr};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

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

/// What takes less than this needs no words.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the sign of life changes.
const TICK: Duration = Duration::from_millis(100);

/// A line on standard error that says what siglab does, from when it has taken a second until this
/// is dropped; nothing if that isn't a terminal. To be made when there may be threads: after a
/// sandbox was entered.
#[derive(Debug)]
pub(crate) struct Waiting {
    over: Arc<(Mutex<bool>, Condvar)>,
    shown: Option<JoinHandle<()>>,
}

impl Waiting {
    /// For something called `what`, such as `building a.c`.
    pub(crate) fn new(what: &str) -> Self {
        let over = Arc::<(Mutex<bool>, Condvar)>::default();
        let what = siglab_report::escape_lines(what).replace('\n', " ");
        let shown = stderr().is_terminal().then(|| {
            let over = Arc::clone(&over);
            thread::spawn(move || show(&over, what))
        });
        Self { over, shown }
    }
}

/// Shows the line until it is over.
fn show((over, changed): &(Mutex<bool>, Condvar), what: String) {
    let wait = |time| {
        let is_over = over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(is_over, time, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    };
    if wait(PATIENCE) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let bar = bar.with_elapsed(PATIENCE).with_message(what);
    let signs = if output::unicode() {
        "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    } else {
        "-\\|/"
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        bar.set_style(style.tick_chars(&format!("{signs} ")));
    }
    bar.tick();
    while !wait(TICK) {
        bar.tick();
    }
    bar.finish_and_clear();
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let (over, changed) = &*self.over;
        *over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        if let Some(shown) = self.shown.take() {
            // The line is gone before anything else is written.
            let _ = shown.join();
        }
    }
}
