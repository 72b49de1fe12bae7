//! `siglab grade`, `siglab regrade` and `siglab merge`.

use std::fmt::Display;
use std::path::Path;

use siglab_class::{ClassOptions, Event, Finished, Graded, Mode, Summary};
use siglab_lab::{Language, Status};
use siglab_report::escape_lines;

use super::course;
use crate::args::{Grade, Merge, Regrade};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::sandbox::{self, Side};
use crate::{exit, interrupt, output};

pub(crate) fn run(args: &Grade) -> Result<u8, Failure> {
    if course::is_meant(args) {
        return course::run(args, Mode::Grade, false);
    }
    grade(args, Mode::Grade, |graded| conclude(args, graded))
}

pub(crate) fn again(args: &Regrade) -> Result<u8, Failure> {
    if course::is_meant(&args.grade) {
        return course::run(&args.grade, Mode::Regrade, args.diff);
    }
    grade(&args.grade, Mode::Regrade, |graded| {
        if let (true, Some(changes)) = (args.diff, &graded.changes) {
            output::print(format_args!("\n{changes}"))?;
        }
        conclude(&args.grade, graded)
    })
}

pub(crate) fn merge(args: &Merge) -> Result<u8, Failure> {
    let summary = siglab_class::merge(&args.parts, &args.out)?;
    output::print(&summary)?;
    settle(&summary, None::<&str>)
}

/// Grades a class, in the sandbox's worker if there is one, which then lets `conclude` say
/// what came of it; the exit status.
fn grade(
    args: &Grade,
    mode: Mode,
    conclude: impl FnOnce(&Graded) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let (Some(submissions), Some(out)) = (&args.submissions, &args.out) else {
        let what = match args.submissions {
            Some(_) => "--out <DIR>",
            None => "<DIR>",
        };
        return Err(Failure::usage(format_args!(
            "the following required arguments were not provided: {what}"
        ))
        .hint("siglab grade LAB SUBMISSIONS --out RESULTS, or siglab grade course.toml"));
    };
    let lab = super::find_labs(&args.labs)?
        .find(&args.lab)?
        .with_seed(args.seed)?;
    let options = options(args, mode);
    // What this process holds is the claim on the folder of results: for as long as it
    // waits for its worker, no other siglab gets in.
    let class = siglab_class::prepare(&lab, submissions, out, options)?;
    if let (Some(roster), Some(assignments)) = (&args.roster, class.unclear_assignments()) {
        tell_unclear(roster, "the lab", "with --gradebook", assignments);
    }
    let tools = if class.may_need_rust() {
        sandbox::tools(args.sandbox, &lab, Language::Rust)?
    } else {
        Vec::new()
    };
    let sandbox = match sandbox::enter(args.sandbox, tools)? {
        Side::Here(sandbox) => sandbox,
        Side::Done(status) => return Ok(status),
    };
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let mut watch = Watch::new();
    let graded = class.grade(sandbox, cancel, &mut |event| watch.see(&event));
    watch.end()?;
    conclude(&graded?)
}

/// How a class is graded, by the command line.
pub(super) fn options(args: &Grade, mode: Mode) -> ClassOptions {
    ClassOptions {
        jobs: args.jobs,
        roster: args.roster.clone(),
        gradebook: args.gradebook.clone(),
        shard: args.shard,
        mode,
        deadline: args.deadline.deadline,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..ClassOptions::default()
    }
}

/// Tells what happens while a class is graded.
pub(super) struct Watch {
    progress: Progress,
    printed: Result<(), Failure>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            progress: Progress::new(0),
            printed: Ok(()),
        }
    }

    pub(super) fn see(&mut self, event: &Event<'_>) {
        let line = match event {
            Event::Planned {
                submissions,
                known,
                runs,
            } => {
                self.progress = Progress::new(*runs);
                format!("{submissions} submissions: {known} have a result, {runs} to run")
            }
            Event::RunOver => {
                self.progress.advance();
                return;
            }
            Event::Finished(finished) => line(finished),
            Event::Withdrawn(name) => {
                format!(
                    "{}: withdrawn, it is not there any more",
                    escape_lines(name)
                )
            }
        };
        self.say(&line);
    }

    /// Writes a line to standard output.
    pub(super) fn say(&mut self, line: &str) {
        if self.printed.is_ok() {
            self.printed = self.progress.print(line);
        }
    }

    /// Takes the bar away.
    ///
    /// # Errors
    /// If something could not be written.
    pub(super) fn end(self) -> Result<(), Failure> {
        self.printed
    }
}

fn line(finished: &Finished<'_>) -> String {
    let name = escape_lines(finished.name);
    let result = finished.result;
    let reason = escape_lines(result.message.as_deref().unwrap_or_default());
    match result.status {
        Status::Graded => format!("{name}: {} of {}", result.score, result.max_score),
        Status::CompileError => format!("{name}: 0 of {}, doesn't compile", result.max_score),
        Status::Refused => format!("{name}: 0 of {}, refused: {reason}", result.max_score),
        Status::InternalError => format!("{name}: could not be graded: {reason}"),
    }
}

/// Says that there won't be a file for Canvas, and what to do about it.
pub(super) fn tell_unclear(roster: &Path, lab: &str, how: &str, assignments: &[String]) {
    let list = match assignments {
        [] => "it has no assignments".to_owned(),
        _ => format!("its assignments are: {}", assignments.join(", ")),
    };
    let text = format!(
        "siglab: warning: {} comes from Canvas, and no one assignment is called like {lab}, so \
         there will be no canvas.csv; {list}\nhint: name the assignment {how}",
        roster.display()
    );
    output::tell(escape_lines(&text));
}

/// Shows the class in numbers; the exit status.
fn conclude(args: &Grade, graded: &Graded) -> Result<u8, Failure> {
    output::print(format_args!("\n{}", graded.summary))?;
    let roster = args.roster.as_deref().map(Path::display);
    settle(&graded.summary, roster)
}

/// The exit status, if everybody who handed in is known.
fn settle(summary: &Summary, roster: Option<impl Display>) -> Result<u8, Failure> {
    settle_all(&summary.unknown, summary.not_graded.is_empty(), roster)
}

/// The same, by the names of submissions of nobody in the roster, and whether all could be graded.
pub(super) fn settle_all(
    unknown_names: &[String],
    all_graded: bool,
    roster: Option<impl Display>,
) -> Result<u8, Failure> {
    if !unknown_names.is_empty() {
        let unknown = unknown_names.len();
        let names: Vec<&str> = unknown_names.iter().take(5).map(String::as_str).collect();
        let more = if unknown > names.len() { ", ..." } else { "" };
        let roster = roster.map_or_else(|| "the roster".to_owned(), |it| it.to_string());
        return Err(Failure::usage(format_args!(
            "{roster} doesn't know who handed in {}{more}",
            names.join(", ")
        ))
        .hint("their results are there like all others; add them to the roster and run it again"));
    }
    if all_graded {
        Ok(exit::OK)
    } else {
        Ok(exit::INTERNAL)
    }
}
