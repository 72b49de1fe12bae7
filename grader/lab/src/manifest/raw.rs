//! `lab.toml` as written: the types that read it and from which its JSON Schema is
//! generated. What the texts in it mean is found out in `check`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_spanned::Spanned;

use crate::result::Language;

/// A value and where it is written.
pub(crate) type S<T> = Spanned<T>;

/// A text and where it is written.
pub(crate) type Text = Spanned<String>;

/// A value that isn't written anywhere: the builder's.
pub(crate) fn unwritten<T>(value: T) -> S<T> {
    Spanned::new(0..0, value)
}

/// A lab.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Lab"))]
pub(crate) struct RawManifest {
    /// The lab's id: the name of its folder.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) id: Option<Text>,
    /// Its title.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) title: Option<Text>,
    /// What it is about, in a sentence or two.
    #[serde(default)]
    pub(crate) description: String,
    /// Its place in the course: labs are listed in this order, and those without one come last.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) order: Option<S<i64>>,
    /// The labs that students have done before, by id.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub(crate) assumes: Vec<Text>,
    /// Names of the lab's own for processes: `main`, `child`, `child.2`, ... on the left.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    pub(crate) roles: BTreeMap<Text, Text>,
    /// How submissions are built.
    #[serde(default)]
    pub(crate) build: RawBuild,
    /// Where the lab's files are.
    #[serde(default)]
    pub(crate) files: RawFiles,
    /// Where runs are cut off, unless a scenario says otherwise.
    #[serde(default)]
    pub(crate) limits: RawLimits,
    /// The runs that criteria are about.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawScenario>"))]
    pub(crate) scenario: Vec<S<RawScenario>>,
    /// What must hold.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawCriterion>"))]
    pub(crate) criterion: Vec<S<RawCriterion>>,
    /// What students predict of each run of the original, if that is what they hand in.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawQuestion>"))]
    pub(crate) question: Vec<S<RawQuestion>>,
}

/// Something to predict of each run, with exactly one of `count`, `ends` and `ends_at`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Question"))]
pub(crate) struct RawQuestion {
    /// Its key in the file of predictions.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) id: Option<Text>,
    /// What is asked.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) text: Option<Text>,
    /// What to look at if the prediction is wrong.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) hint: Option<Text>,
    /// The answer is how many such events there are.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawPattern>"))]
    pub(crate) count: Option<S<RawPattern>>,
    /// The answer is how this process ends.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) ends: Option<Text>,
    /// The answer is when this process ends.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) ends_at: Option<Text>,
}

/// How submissions are built.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Build"))]
pub(crate) struct RawBuild {
    /// C.
    pub(crate) c: RawBuildC,
    /// Rust.
    pub(crate) rust: RawBuildRust,
}

/// How C submissions are built.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BuildC"))]
pub(crate) struct RawBuildC {
    /// The language standard, `gnu17` if absent.
    pub(crate) std: Option<String>,
    /// Flags, in place of `-D_GNU_SOURCE -pthread -g -O1 -Wall -Wextra`.
    pub(crate) flags: Option<Vec<String>>,
    /// Macros to define, with their values.
    pub(crate) definitions: BTreeMap<String, String>,
}

/// How Rust submissions are built.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BuildRust"))]
pub(crate) struct RawBuildRust {
    /// Crates that submissions may use besides nix, libc and signal-hook.
    pub(crate) dependencies: BTreeMap<String, RawDependency>,
}

/// A crate that submissions may use.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Dependency"))]
pub(crate) struct RawDependency {
    /// Its version, as in Cargo.toml.
    pub(crate) version: String,
    /// Features to switch on.
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

/// Where the lab's files are, relative to its folder.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Files"))]
pub(crate) struct RawFiles {
    /// The folder of starters, `starter` if absent.
    pub(crate) starter: Option<PathBuf>,
    /// Solutions: files, or folders of files; `["solution"]` if absent.
    pub(crate) solution: Option<Vec<PathBuf>>,
    /// The folder of wrong variants, `wrong` if absent.
    pub(crate) wrong: Option<PathBuf>,
    /// The programs as they were handed out, by language, with which the rule `unchanged`
    /// compares; the starters if absent. Students edit the starters.
    pub(crate) original: BTreeMap<Language, PathBuf>,
    /// If present, the starters are the programs as they were handed out, with the marker that
    /// nobody has begun and with these functions empty.
    pub(crate) emptied: Option<Vec<String>>,
}

/// Where a run is cut off.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Limits"))]
pub(crate) struct RawLimits {
    /// Virtual time, `60s` if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) virtual_time: Option<Text>,
    /// Real time, `10s` if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) real_time: Option<Text>,
    /// Bytes of output, all streams together; 1048576 if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub(crate) output_bytes: Option<S<i64>>,
}

/// A run: what happens to the program from outside, and when.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Scenario"))]
pub(crate) struct RawScenario {
    /// Its id.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) id: Option<Text>,
    /// Its title; its id if absent. Names in braces stand for the moments of its steps:
    /// `{first}`, `{second - first}`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) title: Option<Text>,
    /// Whether the program runs on a terminal: `true`, or its size.
    #[serde(default)]
    pub(crate) terminal: RawTerminal,
    /// The program's arguments.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// What standard input is if no step types: `empty`, as it is if this is absent, or `open`: a
    /// pipe in which nothing ever is.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) stdin: Option<Text>,
    /// Who runs when several could: `in-order`, as it is if this is absent, `newest-first`, under
    /// which a child runs before its parent goes on, or `random:SEED`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) policy: Option<Text>,
    /// Whether students aren't to see the steps.
    #[serde(default)]
    pub(crate) hidden: bool,
    /// Where this run is cut off.
    #[serde(default)]
    pub(crate) limits: RawLimits,
    /// What happens to the program, one step after another.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawStep>"))]
    pub(crate) steps: Vec<S<RawStep>>,
}

/// A terminal.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(
    untagged,
    expecting = "expected `true` or `{ rows = 24, columns = 80 }`"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Terminal"))]
pub(crate) enum RawTerminal {
    /// Whether there is one.
    Flag(bool),
    /// One of this size.
    Size(RawSize),
}

impl Default for RawTerminal {
    fn default() -> Self {
        Self::Flag(false)
    }
}

/// The size of a terminal's window.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Size"))]
pub(crate) struct RawSize {
    /// Rows.
    pub(crate) rows: u16,
    /// Columns.
    pub(crate) columns: u16,
}

/// One step: at most one thing that it waits for, and at most one that it does.
///
/// Times are texts such as `"0.5s"` or `"250ms"`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Step"))]
pub(crate) struct RawStep {
    /// A name for the moment of this step: of letters, digits and `_`. Later steps, requirements
    /// and messages may use it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) name: Option<Text>,
    /// Waits for this moment of virtual time, counted from the program's start; or for one of
    /// a range, `0.4s..0.7s`, which is drawn; or for one that is counted from the moment of a
    /// step with a name: `first + 0.9s`, `first + 0.6s..0.8s`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) at: Option<Text>,
    /// Waits for this long after the step before; a range, `0.6s..0.8s`, is drawn from.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) after: Option<Text>,
    /// Waits until the program has written this text.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) output: Option<Text>,
    /// Waits until this process or thread waits in a system call.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) waiting: Option<Text>,
    /// With `waiting`: in this system call.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) syscall: Option<Text>,
    /// Waits until this process has ended.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) ended: Option<Text>,
    /// Waits until the signal has come that is tried at each moment: see `no_finding` and
    /// `at_any_moment`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub(crate) tried: Option<S<bool>>,
    /// Sends this signal.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) send: Option<Text>,
    /// Sends this signal to the process group of `to`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) send_group: Option<Text>,
    /// Sends this signal with `value`, as sigqueue does.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) queue: Option<Text>,
    /// With `queue`: the value.
    #[cfg_attr(feature = "schema", schemars(with = "Option<i32>"))]
    pub(crate) value: Option<S<i64>>,
    /// With `send`, `send_group`, `queue`: the receiver; the first process if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) to: Option<Text>,
    /// Presses a key at the terminal: `Ctrl+C`, `Ctrl+Z`, `Ctrl+\` or `Ctrl+D`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) press: Option<Text>,
    /// Writes this to standard input, or types it at the terminal.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) type_text: Option<Text>,
    /// Closes standard input.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub(crate) close_stdin: Option<S<bool>>,
    /// Hangs the terminal up.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub(crate) hang_up: Option<S<bool>>,
    /// Changes the size of the terminal's window.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawSize>"))]
    pub(crate) resize: Option<S<RawSize>>,
}

/// Something that must hold, for points.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Criterion"))]
pub(crate) struct RawCriterion {
    /// Its id.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) id: Option<Text>,
    /// What must hold, in a sentence.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) title: Option<Text>,
    /// Points, all or none.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) points: Option<S<i64>>,
    /// Whether it only informs: it has no points, and is advice.
    #[serde(default)]
    pub(crate) informational: bool,
    /// A built-in rule, in place of requirements: `builds`, `unchanged`, `no-leftovers`,
    /// `no-busy-waiting` or `predicted`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) kind: Option<Text>,
    /// With `unchanged`: the function that must be the starter's.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) function: Option<Text>,
    /// With `no-busy-waiting`: the process; all if absent. With `unchanged`: the process that
    /// runs the function, which then must do what it does in the starter.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) role: Option<Text>,
    /// With `no-busy-waiting`: how many timed waits may expire one after another while
    /// nothing happens, and how many wake-ups may lead to nothing each time; 2 if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) expired_waits: Option<S<i64>>,
    /// The scenarios it is about; all if neither it nor a requirement names any.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub(crate) scenarios: Option<Vec<Text>>,
    /// The criteria, further up in the manifest, without which this one isn't tried: those
    /// that it would only fail again.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub(crate) needs: Option<Vec<Text>>,
    /// What right programs do in its scenarios, so that it explains no failure: ids of siglab's own
    /// diagnoses, such as `crashed`, and errors of calls, such as `EPERM`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub(crate) expected: Option<Vec<Text>>,
    /// What it is if it is about any moment, and there is none: `skipped`, as it is if this is
    /// absent, or `pass`, if right programs may block the signal all the time.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) nothing_to_try: Option<Text>,
    /// What to look at, for every requirement that doesn't say.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) hint: Option<Text>,
    /// What must hold, checked in this order; the first that doesn't gives the diagnosis.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawRequirement>"))]
    pub(crate) require: Vec<S<RawRequirement>>,
}

/// One condition on a run, of exactly one form:
///
/// - `event` with `exactly`, `at_least` or `at_most` (or both of these): how often it
///   happens; alone: at least once;
/// - `never`: it doesn't happen;
/// - `event` with `within` and `after`, or with `within` and `of`: it happens at most so
///   long after the other, or before or after the other;
/// - `event` with `same_instant_as`: it happens at that moment of virtual time;
/// - `in_order`: these happen, one after another;
/// - `outcome`: how the run ends;
/// - `no_finding`: nothing of these kinds goes wrong, at whatever moment a signal comes.
///
/// With `at_any_moment`, one of the other forms must hold at whatever moment a signal comes.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Requirement"))]
pub(crate) struct RawRequirement {
    /// The diagnosis's id; with `no_finding` it is the finding's kind, and absent here.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) id: Option<Text>,
    /// What the program did, when something happened too often, too early, too late. Names
    /// in braces stand for values: `{t}`, `{role}`, `{signal}`, `{count}`, `{delay}`, ....
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) message: Option<Text>,
    /// What the program did, when something didn't happen at all.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) missing: Option<Text>,
    /// What to look at.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) hint: Option<Text>,
    /// What the program may have done instead: the first of these that a run shows gives the
    /// diagnosis.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawInstead>"))]
    pub(crate) instead: Vec<S<RawInstead>>,
    /// The scenarios in which it must hold; all of the criterion's if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub(crate) scenarios: Option<Vec<Text>>,
    /// The event.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawPattern>"))]
    pub(crate) event: Option<S<RawPattern>>,
    /// Exactly so many times.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) exactly: Option<S<i64>>,
    /// So many times, or more.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) at_least: Option<S<i64>>,
    /// So many times, or fewer.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) at_most: Option<S<i64>>,
    /// The event that must not happen.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawPattern>"))]
    pub(crate) never: Option<S<RawPattern>>,
    /// The longest delay.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) within: Option<Text>,
    /// What `event` must come after: another event, or a moment.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawAnchor>"))]
    pub(crate) after: Option<S<RawAnchor>>,
    /// What `event` must come before or after: another event, or a moment.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawAnchor>"))]
    pub(crate) of: Option<S<RawAnchor>>,
    /// With what `event` must coincide: another event, or a moment.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawAnchor>"))]
    pub(crate) same_instant_as: Option<S<RawAnchor>>,
    /// Whether this must hold for each event that `after` or `of` describes, not only for
    /// the first.
    pub(crate) each: bool,
    /// Events that must happen one after another.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<RawPattern>>"))]
    pub(crate) in_order: Option<S<Vec<S<RawPattern>>>>,
    /// How the run must end.
    #[cfg_attr(feature = "schema", schemars(with = "Option<RawOutcome>"))]
    pub(crate) outcome: Option<S<RawOutcome>>,
    /// Kinds of findings of which exploring the scenario may give none: `deadlock`, `crash`,
    /// `hang`, `lost-wakeup`, `killed-by-default`, `output-corrupted`, `unsafe-call`,
    /// `errno-clobbered`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub(crate) no_finding: Option<S<Vec<Text>>>,
    /// Whether it must hold in each run in which a signal comes at another moment, if what
    /// it should come after happens there.
    pub(crate) at_any_moment: bool,
    /// With `no_finding` or `at_any_moment`: the signal; every one that the program handles
    /// if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) signal: Option<Text>,
    /// With `no_finding` or `at_any_moment`: the process or thread that gets it, and whose
    /// failures count; all if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) to: Option<Text>,
    /// With `no_finding` or `at_any_moment`: how many moments are tried at the most; 100 if
    /// absent. 0, with `no_finding`: handlers are watched under the scenario's own signals.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub(crate) moments: Option<S<i64>>,
}

/// What a program did instead of what a requirement asks for. It explains why the requirement
/// doesn't hold, and is looked for only then.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Instead"))]
pub(crate) struct RawInstead {
    /// The diagnosis's id.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(crate) id: Option<Text>,
    /// What happened. The message may use the fields of the first such event.
    #[cfg_attr(feature = "schema", schemars(with = "RawPattern"))]
    pub(crate) event: Option<S<RawPattern>>,
    /// What must have happened as well.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawPattern>"))]
    pub(crate) with: Vec<S<RawPattern>>,
    /// What must not have happened.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RawPattern>"))]
    pub(crate) without: Vec<S<RawPattern>>,
    /// What the program did.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(crate) message: Option<Text>,
    /// What to look at; the requirement's if absent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) hint: Option<Text>,
}

/// How a run must end: one of these.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Outcome"))]
pub(crate) struct RawOutcome {
    /// The first process exits with this status.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u8>"))]
    pub(crate) exited: Option<S<i64>>,
    /// This signal terminates the first process.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub(crate) killed: Option<Text>,
    /// Whether the program deadlocks.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub(crate) deadlock: Option<S<bool>>,
}

/// Which events are meant: a table of the fields that they must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawPattern(pub(crate) BTreeMap<Text, S<RawValue>>);

/// An event or a moment of virtual time.
#[derive(Clone, Debug)]
pub(crate) enum RawAnchor {
    /// A moment.
    Time(String),
    /// An event.
    Event(RawPattern),
}

/// What a field must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RawValue {
    Bool(bool),
    Integer(i64),
    Text(String),
    /// One of these.
    List(Vec<S<RawValue>>),
    /// `{ not = ... }`, `{ contains = ... }`, or a table with fields of its own.
    Table(BTreeMap<Text, S<RawValue>>),
}

impl<'de> Deserialize<'de> for RawPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = RawPattern;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table such as { event = \"exit\", role = \"main\" }")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPattern, A::Error> {
                table(map).map(RawPattern)
            }
        }
        deserializer.deserialize_any(Table)
    }
}

impl<'de> Deserialize<'de> for RawAnchor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawAnchor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"1.2s\", or a table such as { event = \"exit\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawAnchor, E> {
                Ok(RawAnchor::Time(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawAnchor, A::Error> {
                table(map).map(|fields| RawAnchor::Event(RawPattern(fields)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = RawValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, an integer, true, false, a list or a table")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<RawValue, E> {
                Ok(RawValue::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<RawValue, E> {
                Ok(RawValue::Integer(value))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<RawValue, E> {
                Ok(RawValue::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawValue, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(RawValue::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawValue, A::Error> {
                table(map).map(RawValue::Table)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

fn table<'de, A: MapAccess<'de>>(mut map: A) -> Result<BTreeMap<Text, S<RawValue>>, A::Error> {
    let mut table = BTreeMap::new();
    while let Some((key, value)) = map.next_entry()? {
        table.insert(key, value);
    }
    Ok(table)
}
