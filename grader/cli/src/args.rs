//! What can be written on the command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use siglab_class::Shard;
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
    /// The clock that the program sees
    #[arg(long, value_enum, default_value_t = ClockName::Virtual)]
    pub(crate) clock: ClockName,
    /// Who runs next when several threads could: in-order, or random with a seed (0 if
    /// there is none)
    #[arg(long, value_name = "in-order|random[:SEED]", default_value = "in-order",
        value_parser = policy)]
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
    /// The program, looked up in PATH if it has no slash
    pub(crate) program: OsString,
    /// Its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARG"
    )]
    pub(crate) args: Vec<OsString>,
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
/// writes to it, as often as it has moments. Exit status 1 if anything was found.
#[derive(Debug, Args)]
#[command(override_usage = "siglab explore [OPTIONS] [--] PROGRAM [ARG]...")]
pub(crate) struct Explore {
    #[command(flatten)]
    pub(crate) steps: Steps,
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
    /// The program, looked up in PATH if it has no slash
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
    #[command(flatten)]
    pub(crate) labs: LabsDir,
}

/// Grades a class: a folder of submissions
///
/// Submissions are files, folders or archives, as Canvas, Moodle and Gradescope hand them
/// out or otherwise. Those that have a result are not graded again: the same command goes
/// on after an interruption, and grades what was handed in since. See docs/grading.md.
#[derive(Debug, Args)]
pub(crate) struct Grade {
    /// The lab's id: see `siglab labs`
    pub(crate) lab: String,
    /// The folder of submissions
    #[arg(value_name = "DIR")]
    pub(crate) submissions: PathBuf,
    /// The folder of results
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
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
    #[command(flatten)]
    pub(crate) labs: LabsDir,
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

/// Lists the labs
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
        #[command(flatten)]
        labs: LabsDir,
    },
    /// Prints the JSON Schema of lab.toml
    Schema {
        /// Prints that of results, siglab/result/v1, instead
        #[arg(long)]
        result: bool,
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

/// Tries out whether this machine has what siglab needs
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// How to report
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
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
pub(crate) enum StrategyName {
    /// Those at which programs usually break
    Fast,
    /// All
    All,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
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

fn policy(text: &str) -> Result<Policy, String> {
    let unknown =
        || format!("`{text}` is not a policy; write in-order, random or random:SEED with a number");
    match text.split_once(':') {
        None if text == "in-order" => Ok(Policy::InOrder),
        None if text == "random" => Ok(Policy::Random { seed: 0 }),
        Some(("random", seed)) => Ok(Policy::Random {
            seed: seed.parse().map_err(|_| unknown())?,
        }),
        _ => Err(unknown()),
    }
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

    #[test]
    fn policies_are_read() {
        assert_eq!(policy("in-order"), Ok(Policy::InOrder));
        assert_eq!(policy("random"), Ok(Policy::Random { seed: 0 }));
        assert_eq!(policy("random:7"), Ok(Policy::Random { seed: 7 }));
        for text in ["", "random:", "random:x", "in-order:1", "replay"] {
            assert!(policy(text).is_err(), "{text}");
        }
    }
}
