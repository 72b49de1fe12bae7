//! What can be written on the command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use siglab_class::Shard;
use siglab_lab::Language;
use siglab_model::{Clock, Policy, Signal, Time};
use siglab_report::{FORMATS, Format};

use crate::exit;
use crate::send::Send;

/// Runs and grades programs that use Unix signals: same script, same trace, at the speed
/// of the processor instead of the clock.
#[derive(Debug, Parser)]
#[command(name = "siglab", version, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Explore(Explore),
    Replay(Replay),
    Check(Check),
    Grade(Grade),
    Regrade(Regrade),
    Merge(Merge),
    Labs(Labs),
    /// For those who write labs
    #[command(subcommand)]
    Lab(Lab),
    /// Packs a lab up for those who grade or work elsewhere
    #[command(subcommand)]
    Pack(Pack),
    Explain(Explain),
    Predict(Predict),
    Doctor(Doctor),
}

/// Runs a program under virtual time, sends it signals, and shows what happened
///
/// The program's standard streams and exit status pass through; the timeline goes to
/// standard error.
#[derive(Debug, Args)]
#[command(override_usage = "siglab run [OPTIONS] [--] PROGRAM [ARG]...")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) steps: Steps,
    /// Gives the program a terminal of its own, of 24 rows and 80 columns, at which a script can
    /// press keys. With --clock real at a terminal, you type there: every key goes to the
    /// program, Ctrl+C too. Ctrl+] three times within a second ends the run
    #[arg(long)]
    pub(crate) terminal: bool,
    /// The clock that the program sees
    #[arg(long, value_enum, default_value_t = ClockName::Virtual)]
    pub(crate) clock: ClockName,
    /// Who runs next when several threads could: in-order, newest-first, or random with a seed (0
    /// if there is none)
    #[arg(
        long,
        value_name = "in-order|newest-first|random[:SEED]",
        default_value = "in-order"
    )]
    pub(crate) policy: Policy,
    /// Writes everything that happened to this file, as JSON Lines: docs/trace.md
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Cuts the run off at this moment of virtual time; a day if absent
    #[arg(long, value_name = "TIME")]
    pub(crate) limit: Option<Time>,
    /// What the wall clock shows when the program starts, in UTC: 2026-11-26,
    /// 2026-11-26T18:00:00Z, or seconds since 1970 after a @. 2026-01-01 if absent; the times
    /// of files are the machine's own
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) date: Option<i64>,
    /// Cuts the run off when it has used this much processor time
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub(crate) processor_time: Time,
    /// Goes on for this much virtual time after the program's first process has ended (or
    /// after the last step of the script), then ends those that are still running
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) linger: Time,
    /// Shows no timeline
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Shows every event, also those that libc and language runtimes cause
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) build: BuildAs,
    /// The program, looked up in PATH if it has no slash; or a .c or .rs file or a folder with
    /// one, which is built as a lab builds what is handed in
    pub(crate) program: OsString,
    /// Its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARG"
    )]
    pub(crate) args: Vec<OsString>,
}

/// How a program is built that is given as source.
#[derive(Debug, Args)]
pub(crate) struct BuildAs {
    /// Builds a source file as this lab does; if absent, as the lab in whose folder it is, or
    /// else as labs do by default
    #[arg(long, value_name = "LAB")]
    pub(crate) lab: Option<String>,
    #[command(flatten)]
    pub(crate) labs: LabsDir,
}

/// What happens to a program from outside.
#[derive(Debug, Args)]
pub(crate) struct Steps {
    /// Sends a signal at a moment of virtual time, to the process `main` unless another
    /// is named: SIGINT@0.4s, SIGTERM@7s:child
    #[arg(long, value_name = "SIGNAL@TIME[:ROLE]")]
    pub(crate) send: Vec<Send>,
    /// Carries out the steps in this file, written as in a lab's scenario: docs/labs.md
    #[arg(long, value_name = "FILE", conflicts_with = "send")]
    pub(crate) script: Option<PathBuf>,
}

/// Injects signals into a program at every moment, and says what goes wrong and why
///
/// The program runs with captured streams and without standard input, unless a script
/// writes to it or it has a terminal, as often as it has moments. Exit status 1 if anything was found.
#[derive(Debug, Args)]
#[command(override_usage = "siglab explore [OPTIONS] [--] PROGRAM [ARG]...")]
pub(crate) struct Explore {
    #[command(flatten)]
    pub(crate) steps: Steps,
    /// Gives the program a terminal of its own, of 24 rows and 80 columns, at which a script can
    /// press keys
    #[arg(long)]
    pub(crate) terminal: bool,
    /// A signal to inject; may be repeated. All that the program handles if absent
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    pub(crate) signal: Vec<Signal>,
    /// The process or thread to inject into (main, child, child.2, thread, ...); may be
    /// repeated. All that handle the signal if absent
    #[arg(long, value_name = "ROLE")]
    pub(crate) to: Vec<String>,
    /// Which moments to try
    #[arg(long, value_enum, default_value_t = StrategyName::Fast)]
    pub(crate) strategy: StrategyName,
    /// Tries moments from the exec on, not only from when a handler is installed
    #[arg(long)]
    pub(crate) from_start: bool,
    /// Stops after this much real time: 30s, 500ms
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<Time>,
    /// Tries at most this many moments
    #[arg(long, value_name = "N")]
    pub(crate) moments: Option<NonZeroUsize>,
    /// How many runs take place at the same time; one for each processor if absent
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How many pseudo-random orders of scheduling are tried if there is a choice
    #[arg(long, value_name = "N")]
    pub(crate) schedules: Option<u64>,
    /// Lists the distinct outcomes that orders of scheduling give, instead of injecting
    #[arg(long)]
    pub(crate) outcomes: bool,
    /// With --outcomes: tries every order with up to this many pre-emptions
    #[arg(long, value_name = "N", default_value_t = 2, requires = "outcomes")]
    pub(crate) preemptions: usize,
    /// How to write the result
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
    /// Writes the shortest witness of the worst finding to this file; with --outcomes, that
    /// of the rarest outcome
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) build: BuildAs,
    /// The program, looked up in PATH if it has no slash; or a .c or .rs file or a folder with
    /// one, which is built as a lab builds what is handed in
    pub(crate) program: OsString,
    /// Its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARG"
    )]
    pub(crate) args: Vec<OsString>,
}

/// Runs the witness of a finding again
///
/// Exit status 1 if the finding is reproduced, 2 if it can't be because the program or the
/// file has changed.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The file that `siglab explore --witness` wrote
    pub(crate) witness: PathBuf,
    /// Writes everything that happened to this file, as JSON Lines: docs/trace.md
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Shows no timeline
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Shows every event, also those that libc and language runtimes cause
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// Grades one submission
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The lab's id: see `siglab labs`
    pub(crate) lab: String,
    /// A .c or .rs file, or a folder with one
    pub(crate) file: PathBuf,
    /// How to write the result
    #[arg(long, default_value = FORMATS[0].name(), value_parser = format_parser())]
    pub(crate) format: &'static dyn Format,
    /// Writes the result to this file, and only one line to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// As text, shows everything about every criterion, not only the first one that doesn't
    /// hold
    #[arg(long)]
    pub(crate) all: bool,
    /// Exits with 1 also if only criteria without points don't hold: advice
    #[arg(long)]
    pub(crate) strict: bool,
    /// Says what the format classroom50 asks for, as in owner=ada; else it is read from
    /// CLASSROOM50_OWNER and so on, and from what GitHub Actions sets
    #[arg(long, value_name = "FIELD=VALUE", value_parser = crate::classroom50::parse_field)]
    pub(crate) classroom50: Vec<(String, String)>,
    /// Gives up root for this user once the lab and the submission have been read
    #[arg(long, value_name = "USER")]
    pub(crate) as_user: Option<String>,
    /// Whether to confine the compiler and the program: docs/sandbox.md
    #[arg(long, value_enum, default_value_t = SandboxMode::Off)]
    pub(crate) sandbox: SandboxMode,
    /// Draws the lab's moments from this number; from the lab's own if absent
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) deadline: Deadline,
    #[command(flatten)]
    pub(crate) labs: LabsDir,
}

/// Grades a class: a folder of submissions, or several labs of a course
///
/// Submissions are files, folders or archives, as Canvas, Moodle and Gradescope hand them
/// out or otherwise. Those that have a result are not graded again: the same command goes
/// on after an interruption, and grades what was handed in since. `siglab grade course.toml`
/// grades all labs that are named there. See docs/grading.md.
#[derive(Debug, Args)]
pub(crate) struct Grade {
    /// The lab's id: see `siglab labs`; or a file that names several labs, and ends in .toml
    pub(crate) lab: String,
    /// The folder of submissions, or a zip or tar archive of it; not with a course
    #[arg(value_name = "DIR")]
    pub(crate) submissions: Option<PathBuf>,
    /// The folder of results; a course's file may name it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How many submissions to grade at the same time; one per processor if absent
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// The course's list of students, a CSV file with a column such as ID, Username, Email
    /// or Name. A gradebook exported from Canvas, or a grading worksheet from Moodle, comes
    /// back filled in: canvas.csv or moodle.csv
    #[arg(long, value_name = "FILE")]
    pub(crate) roster: Option<PathBuf>,
    /// The assignment's column, if the roster is a gradebook exported from Canvas; the one
    /// that is called like the lab if absent
    #[arg(long, value_name = "ASSIGNMENT", requires = "roster")]
    pub(crate) gradebook: Option<String>,
    /// Grades only part K of N of the class, for `siglab merge`
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// Whether to confine compilers and programs: docs/sandbox.md
    #[arg(long, value_enum, default_value_t = SandboxMode::Auto)]
    pub(crate) sandbox: SandboxMode,
    /// Draws the lab's moments from this number, the same for all; from the lab's own, which
    /// students have, if absent
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) deadline: Deadline,
    #[command(flatten)]
    pub(crate) labs: LabsDir,
}

/// How long a submission may take.
#[derive(Debug, clap::Args)]
pub(crate) struct Deadline {
    /// Stops building and running a submission after this much real time, at least a second,
    /// whatever it does
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = deadline)]
    pub(crate) deadline: std::time::Duration,
}

/// A deadline: a duration of a second or more.
fn deadline(text: &str) -> Result<std::time::Duration, String> {
    let time: Time = text.parse().map_err(|error| format!("{error}"))?;
    let duration = std::time::Duration::from_nanos(time.as_nanos());
    if duration < std::time::Duration::from_secs(1) {
        return Err("a submission needs a second to be built and run".to_owned());
    }
    Ok(duration)
}

/// Grades a class again after the lab, siglab or a compiler was changed
///
/// What hasn't changed isn't run again. All changes are in DIR/changes.json.
#[derive(Debug, Args)]
pub(crate) struct Regrade {
    #[command(flatten)]
    pub(crate) grade: Grade,
    /// Says what has changed, and why
    #[arg(long)]
    pub(crate) diff: bool,
}

/// Joins the results of all shards of a class
///
/// Roster and gradebook are those that the shards were graded with.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The folders of results
    #[arg(required = true, value_name = "DIR")]
    pub(crate) parts: Vec<PathBuf>,
    /// The folder of all results
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// Lists the labs in their order: what is done, and what comes next
///
/// A lab is done if the last `siglab check` of it gave full marks. That is remembered in
/// XDG_STATE_HOME, unless it was with --sandbox, --output, --as-user or a --format for programs.
#[derive(Debug, Args)]
pub(crate) struct Labs {
    #[command(flatten)]
    pub(crate) labs: LabsDir,
    /// How to list them
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lab {
    /// Proves that labs grade as they should: the starter fails, every solution gets full
    /// marks, every wrong variant fails exactly what it names
    Check {
        /// The labs' ids; all if there are none
        labs_to_check: Vec<String>,
        /// Draws the labs' moments from this number; from each lab's own if absent
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        #[command(flatten)]
        labs: LabsDir,
    },
    /// Prints one of a lab's own programs, whole, also if it is written as what differs from
    /// another; or lists them: starters, solutions, wrong variants
    ///
    /// Exit status 2 if there is none of this name, several could be meant, or one can't be
    /// composed.
    Show {
        /// The lab's id
        lab: String,
        /// The program: window_too_long, and where that isn't enough starter/terminator.c; all are
        /// listed if absent
        variant: Option<String>,
        /// Only those in this language
        #[arg(long)]
        lang: Option<LanguageName>,
        #[command(flatten)]
        labs: LabsDir,
    },
    /// Prints the JSON Schema of lab.toml
    Schema {
        /// Prints that of results, siglab/result/v1, instead
        #[arg(long)]
        result: bool,
        /// Prints that of course.toml instead
        #[arg(long, conflicts_with = "result")]
        course: bool,
    },
}

/// `siglab pack`.
#[derive(Debug, Subcommand)]
pub(crate) enum Pack {
    /// Makes an autograder for Gradescope: a zip file
    Gradescope {
        /// The lab's id
        lab: String,
        /// The zip file
        #[arg(short, long, value_name = "FILE", default_value = "autograder.zip")]
        output: PathBuf,
        /// A siglab that runs in Gradescope's containers; without it, one is built there
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
        /// Draws the lab's moments from this number; from the lab's own, which students have,
        /// if absent
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        #[command(flatten)]
        labs: LabsDir,
    },
    /// Writes a workflow for GitHub Actions that grades every push
    #[command(name = "github")]
    GitHub {
        /// The lab's id
        lab: String,
        /// The repository's folder
        #[arg(short, long, value_name = "DIR", default_value = ".")]
        output: PathBuf,
        #[command(flatten)]
        labs: LabsDir,
    },
    /// Makes the folder that students get: no solutions, no hidden scenarios
    Student {
        /// The lab's id
        lab: String,
        /// The folder, which must not be there yet
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        #[command(flatten)]
        labs: LabsDir,
    },
}

/// Explains a word, and shows it in a run of a small program
///
/// A signal by name or number, a flag, a call, or a word such as pending, zombie or EINTR; the
/// name of anything that `siglab explore` finds or `siglab check` says. Without a word, lists what
/// there is; `signals` is the table of all signals, tried on the running kernel.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The word, or several: process group
    #[arg(value_name = "TOPIC")]
    pub(crate) words: Vec<String>,
    /// Shows the text only
    #[arg(long)]
    pub(crate) no_run: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
    /// What a process that tries a signal out is to do
    #[arg(long, hide = true)]
    pub(crate) probe: Option<String>,
}

/// Asks what happens next in runs of a lab's program, and shows it
///
/// Of a lab that asks for predictions, it is the program that it is about; of another one, a
/// solution. Exit status 1 if an answer was wrong, or the answers ended before the questions.
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The lab's id: see `siglab labs`
    pub(crate) lab: String,
    /// The id of a scenario of the lab; may be repeated. All that aren't hidden if absent
    #[arg(long, value_name = "ID")]
    pub(crate) scenario: Vec<String>,
    /// The language of the program; C if the lab has one, if absent
    #[arg(long, value_enum)]
    pub(crate) lang: Option<LanguageName>,
    #[command(flatten)]
    pub(crate) labs: LabsDir,
}

/// Tries out whether this machine has what siglab needs
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// How to report
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
    /// Removes the temporary files and control groups that siglabs of this user left that were
    /// killed, and says which; tries nothing out. Every other command does so, too, when it starts
    #[arg(long)]
    pub(crate) tidy: bool,
    /// What a process that tries something out for another is to do
    #[arg(long, hide = true)]
    pub(crate) probe: Option<String>,
}

/// Where the labs are.
#[derive(Debug, Args)]
pub(crate) struct LabsDir {
    /// The folder of labs; the nearest `exercises` at or above the current folder if
    /// absent
    #[arg(long = "labs", value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxMode {
    /// With every layer that this machine has; says what is missing
    Auto,
    /// For your own files
    Off,
    /// Or not at all, if a hostile program wouldn't be contained
    Required,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LanguageName {
    C,
    Rust,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::C => Self::C,
            LanguageName::Rust => Self::Rust,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StrategyName {
    /// Those at which programs usually break
    Fast,
    /// All
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockName {
    /// It moves only when nothing can run
    Virtual,
    /// The machine's, for comparison
    Real,
}

impl From<ClockName> for Clock {
    fn from(name: ClockName) -> Self {
        match name {
            ClockName::Virtual => Self::Virtual,
            ClockName::Real => Self::Real,
        }
    }
}

fn signal(text: &str) -> Result<Signal, String> {
    text.parse()
        .map_err(|error: siglab_model::UnknownSignal| error.to_string())
}

fn date(text: &str) -> Result<i64, String> {
    let wrong = || format!("'{text}' is no date: write 2026-11-26, 2026-11-26T18:00:00Z or @0");
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().map_err(|_| wrong());
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.as_second());
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
    Ok(midnight.timestamp().as_second())
}

/// The formats of the report crate: what it offers, the command line offers.
fn format_parser() -> impl TypedValueParser<Value = &'static dyn Format> {
    let names = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name()).help(format.about()));
    PossibleValuesParser::new(names).map(|name| siglab_report::format(&name).unwrap_or(FORMATS[0]))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
