//! A lab as data: `lab.toml`.
//!
//! [`Manifest::parse`] reads it and checks that it makes sense; what is wrong is reported
//! with line and column, all at once where that is possible. Everything in a [`Manifest`]
//! is checked: signals exist, times are times, criteria name scenarios that are there.

mod check;
mod check_criterion;
mod check_finding;
mod check_pattern;
mod check_question;
mod check_requirement;
mod check_step;
mod draw;
mod error;
mod event;
mod moment;
mod pattern;
pub(crate) mod raw;
mod read;
mod roles;
#[cfg(feature = "schema")]
mod schema;
mod template;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_drawn;
#[cfg(test)]
mod tests_hostile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use siglab_engine::{Limits, Script};
use siglab_explore::FindingKind;
use siglab_model::{Policy, ProcessStatus, Signal, Time};

pub use error::{ManifestError, ManifestProblem};
pub use pattern::{FieldTest, FieldValue, Pattern};
pub(crate) use pattern::{describe_status, field_text, told};
pub use roles::Roles;
pub use template::Template;

#[cfg(feature = "schema")]
pub(crate) use schema::schema;

use crate::result::Language;

/// A lab as data.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its id: the name of its folder.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Its place in the course; absent: after those that have one.
    pub order: Option<usize>,
    /// The ids of the labs that students have done before.
    pub assumes: Vec<String>,
    /// What processes are called.
    pub roles: Roles,
    /// How C submissions are built.
    pub c: CBuild,
    /// How Rust submissions are built.
    pub rust: RustBuild,
    /// Where its files are.
    pub files: Files,
    /// The runs.
    pub scenarios: Vec<Scenario>,
    /// What must hold.
    pub criteria: Vec<Criterion>,
    /// What students predict of each run of the program that was handed out; empty if they write a
    /// program.
    pub questions: Vec<Question>,
    /// What the moments that are drawn were drawn from; absent if none is.
    pub seed: Option<u64>,
    /// As it was read, to draw anew.
    raw: Arc<raw::RawManifest>,
}

/// How C submissions are built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CBuild {
    /// The language standard.
    pub std: String,
    /// Further flags.
    pub flags: Vec<String>,
    /// Macros to define, with their values.
    pub definitions: BTreeMap<String, String>,
}

impl Default for CBuild {
    /// `-std=gnu17 -D_GNU_SOURCE -pthread -g -O1 -Wall -Wextra`.
    fn default() -> Self {
        let flags = ["-D_GNU_SOURCE", "-pthread", "-g", "-O1", "-Wall", "-Wextra"];
        Self {
            std: "gnu17".into(),
            flags: flags.map(String::from).to_vec(),
            definitions: BTreeMap::new(),
        }
    }
}

impl CBuild {
    /// All arguments for the compiler but the files.
    #[must_use]
    pub fn args(&self) -> Vec<String> {
        let definitions = self.definitions.iter().map(|(name, value)| {
            if value.is_empty() {
                format!("-D{name}")
            } else {
                format!("-D{name}={value}")
            }
        });
        std::iter::once(format!("-std={}", self.std))
            .chain(self.flags.iter().cloned())
            .chain(definitions)
            .collect()
    }
}

/// How Rust submissions are built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RustBuild {
    /// Crates that they may use besides nix, libc and signal-hook, by name.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// A crate that submissions may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its version, as in Cargo.toml.
    pub version: String,
    /// Features to switch on.
    pub features: Vec<String>,
}

/// Where a lab's files are, relative to its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The folder of starters; it may be missing: then the lab only demonstrates.
    pub starter: PathBuf,
    /// Solutions: files or folders of files.
    pub solution: Vec<PathBuf>,
    /// The folder of wrong variants; it may be missing.
    pub wrong: PathBuf,
    /// The programs as they were handed out, by language; absent: the starters.
    pub original: BTreeMap<Language, PathBuf>,
    /// The functions that are empty in the starters, if these are made of the programs as they
    /// were handed out.
    pub emptied: Option<Vec<String>>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            starter: "starter".into(),
            solution: vec!["solution".into()],
            wrong: "wrong".into(),
            original: BTreeMap::new(),
            emptied: None,
        }
    }
}

impl Files {
    /// The starter in `language` of the lab `id`, relative to the lab's folder.
    #[must_use]
    pub fn starter_file(&self, id: &str, language: Language) -> PathBuf {
        match language {
            // It isn't named after the lab: the starter is that file.
            Language::Predictions => self.starter.clone(),
            _ => self.starter.join(format!("{id}.{}", language.extension())),
        }
    }

    /// The program as it was handed out in `language`, relative to the lab's folder.
    #[must_use]
    pub fn original_file(&self, id: &str, language: Language) -> PathBuf {
        let own = self.original.get(&language).cloned();
        own.unwrap_or_else(|| self.starter_file(id, language))
    }
}

/// A run: what happens to the program from outside, and when.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether students aren't to see its steps.
    pub hidden: bool,
    /// The rows and columns of its terminal, if it has one.
    pub terminal: Option<(u16, u16)>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Whether standard input is a pipe in which nothing is and whose other end is open, though no
    /// step types; otherwise it is empty then.
    pub stdin_stays_open: bool,
    /// Who runs when several could.
    pub policy: Policy,
    /// Its steps.
    pub script: Script,
    /// Where it is cut off.
    pub limits: Limits,
}

/// Virtual time after which a scenario is cut off, unless it says otherwise: 60 s.
pub const VIRTUAL_TIME: Time = Time::from_nanos(60_000_000_000);

/// Real time after which a scenario is cut off, unless it says otherwise: 10 s.
pub const REAL_TIME: Duration = Duration::from_secs(10);

/// Bytes of output after which a scenario is cut off, unless it says otherwise: 1 MiB.
pub const OUTPUT_BYTES: u64 = 1 << 20;

/// Something that must hold, for points.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// Its id.
    pub id: String,
    /// What must hold, in a sentence.
    pub title: String,
    /// Points, all or none.
    pub points: u32,
    /// Whether it only informs: it has 0 points, and is advice.
    pub informational: bool,
    /// The ids of criteria before it without which it isn't tried.
    pub needs: Vec<String>,
    /// The ids of the scenarios it is about, in the manifest's order.
    pub scenarios: Vec<String>,
    /// Whether it holds if it is about any moment, and there is none: a right program may well
    /// block the signal all the time.
    pub nothing_to_try_passes: bool,
    /// What must hold.
    pub rule: Rule,
}

/// What a criterion asks for.
#[derive(Clone, Debug)]
pub enum Rule {
    /// The submission compiles.
    Builds,
    /// A function is token for token the starter's, comments and white space aside, and so is
    /// what it depends on.
    Unchanged {
        /// The function's name.
        function: String,
        /// The process that runs it: it must do what it does in the starter.
        role: Option<String>,
    },
    /// No zombie is left behind and no process outlives its parent.
    NoLeftovers,
    /// Nobody polls or spins.
    NoBusyWaiting {
        /// The process; all if absent.
        role: Option<String>,
        /// How many timed waits may expire one after another while nothing happens.
        expired_waits: usize,
    },
    /// What was predicted of the criterion's scenarios is what happens.
    Predicted,
    /// All of these; the first that doesn't hold gives the diagnosis.
    Requirements(Vec<Requirement>),
}

/// Something to predict of each run.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its key in the file of predictions.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// What to look at if the prediction is wrong.
    pub hint: String,
    /// What gives the answer.
    pub asks: Asks,
}

/// What the answer to a question is, in a run.
#[derive(Clone, Debug)]
pub enum Asks {
    /// How many such events there are.
    Count(Pattern),
    /// How this process ends.
    Ends(String),
    /// When this process ends.
    EndsAt(String),
}

/// One condition on a run.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// The diagnosis's id.
    pub id: String,
    /// What to say when something happened too often, too early or too late; absent:
    /// something general.
    pub message: Option<Template>,
    /// What to say when something didn't happen at all; absent: something general.
    pub missing: Option<Template>,
    /// What to look at.
    pub hint: Template,
    /// The ids of the scenarios in which it must hold.
    pub scenarios: Vec<String>,
    /// The condition.
    pub test: Test,
    /// What the program may have done instead, the more telling first.
    pub instead: Vec<Instead>,
    /// What right programs do, too.
    pub expected: Expected,
    /// The moments at which a signal comes, if it must hold at all of them.
    pub exploring: Option<Exploring>,
}

/// What an exercise provokes, so that it explains nothing: diagnoses of siglab's own, and errors of
/// calls.
#[derive(Clone, Debug, Default)]
pub struct Expected(BTreeSet<String>);

impl Expected {
    pub(super) fn new(names: impl Iterator<Item = String>) -> Self {
        Self(names.collect())
    }

    /// Whether this diagnosis is one of them.
    #[must_use]
    pub fn has_diagnosis(&self, id: &str) -> bool {
        self.0.contains(id)
    }

    /// Whether this error is one of them, by its name: `EPERM`.
    #[must_use]
    pub fn has_errno(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// What a program did instead of what a requirement asks for: why that doesn't hold.
#[derive(Clone, Debug)]
pub struct Instead {
    /// The diagnosis's id.
    pub id: String,
    /// What happened.
    pub event: Pattern,
    /// What must have happened as well, before or after it.
    pub with: Vec<Pattern>,
    /// What must not have happened.
    pub without: Vec<Pattern>,
    /// What the program did.
    pub message: Template,
    /// What to look at; the requirement's if absent.
    pub hint: Option<Template>,
}

/// A condition's form.
#[derive(Clone, Debug)]
pub enum Test {
    /// An event happens so many times.
    Count {
        /// The event.
        event: Pattern,
        /// At least.
        min: usize,
        /// At most.
        max: Option<usize>,
    },
    /// An event happens near another, or near a moment.
    Near {
        /// The event.
        event: Pattern,
        /// What it must be near to.
        anchor: Anchor,
        /// The longest delay.
        within: Duration,
        /// Whether it may also come before.
        either_side: bool,
        /// Whether this must hold for each event that the anchor describes.
        each: bool,
    },
    /// Events happen one after another.
    InOrder(Vec<Pattern>),
    /// The run ends like this.
    Ends(Ending),
    /// Nothing of these kinds goes wrong.
    NoFinding(Vec<FindingKind>),
}

/// Moments that a scenario has at which a signal may come: what is tried of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exploring {
    /// The signal; every one that the program handles if absent.
    pub signal: Option<Signal>,
    /// The process or thread that gets it, and whose failures count; all if absent.
    pub to: Option<String>,
    /// How many moments are tried at the most.
    pub moments: usize,
}

/// Moments that are tried, unless a requirement says otherwise: 100.
pub const MOMENTS: usize = 100;

/// What another event must be near to.
#[derive(Clone, Debug)]
pub enum Anchor {
    /// A moment of virtual time.
    Time(Time),
    /// An event.
    Event(Pattern),
}

/// How a run must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The first process ends like this.
    Status(ProcessStatus),
    /// The program deadlocks, or doesn't.
    Deadlock(bool),
}

impl Manifest {
    /// Reads a manifest. `path` is for messages; `folder` is the name of the folder that
    /// it is in, which the id must equal.
    ///
    /// # Errors
    /// If it is malformed or contradicts itself: everything that was found.
    pub fn parse(text: &str, path: &str, folder: Option<&str>) -> Result<Self, ManifestError> {
        let read = read::read(text);
        check::check(&read, folder, text.len(), None)
            .map_err(|problems| ManifestError::new(path, text, problems))
    }

    pub(crate) fn from_raw(raw: &raw::RawManifest) -> Result<Self, ManifestError> {
        Self::drawn(raw, None)
    }

    /// The same lab, with the moments that are drawn from this seed.
    ///
    /// # Errors
    /// If it makes no sense then. Manifests are checked for all seeds at once, so none is
    /// expected.
    pub fn with_seed(&self, seed: u64) -> Result<Self, ManifestError> {
        Self::drawn(&self.raw, Some(seed))
    }

    fn drawn(raw: &raw::RawManifest, seed: Option<u64>) -> Result<Self, ManifestError> {
        let read = read::Read {
            raw: raw.clone(),
            problems: Vec::new(),
            lost: false,
        };
        check::check(&read, None, 0, seed)
            .map_err(|problems| ManifestError::new("the lab", "", problems))
    }

    /// The scenario with this id.
    #[must_use]
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// The criterion with this id.
    #[must_use]
    pub fn criterion(&self, id: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }

    /// These criteria, by id, and those that they need.
    pub(crate) fn with_needs<'a>(&'a self, ids: &[String]) -> Vec<&'a Criterion> {
        // What is needed comes before: so it is met after what needs it.
        let mut wanted: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        for criterion in self.criteria.iter().rev() {
            if wanted.contains(criterion.id.as_str()) {
                wanted.extend(criterion.needs.iter().map(String::as_str));
            }
        }
        self.criteria
            .iter()
            .filter(|criterion| wanted.contains(criterion.id.as_str()))
            .collect()
    }

    /// What must hold in each run in which this much of a scenario is explored.
    pub(crate) fn demands<'a>(
        &'a self,
        scenario: &'a str,
        exploring: &'a Exploring,
    ) -> impl Iterator<Item = &'a Requirement> {
        self.criteria
            .iter()
            .flat_map(Criterion::requirements)
            .filter(move |it| it.exploring.as_ref() == Some(exploring))
            .filter(|it| !matches!(it.test, Test::NoFinding(_)))
            .filter(move |it| it.scenarios.iter().any(|id| id == scenario))
    }

    /// All points together that what students hand in can get.
    #[must_use]
    pub fn max_score(&self) -> u32 {
        self.max_score_of(self.handed_in()[0])
    }

    /// What students hand in: predictions if the lab has questions, else a program.
    #[must_use]
    pub fn handed_in(&self) -> &'static [Language] {
        if self.questions.is_empty() {
            &Language::ALL
        } else {
            &[Language::Predictions]
        }
    }

    /// All points together that something of this kind can get.
    pub(crate) fn max_score_of(&self, language: Language) -> u32 {
        let criteria = self.criteria.iter();
        let criteria = criteria.filter(|criterion| criterion.is_for(language));
        criteria.map(|criterion| criterion.points).sum()
    }
}

impl Criterion {
    /// Whether it judges what is handed in like this: predictions by what was predicted, and
    /// programs by all other rules.
    #[must_use]
    pub fn is_for(&self, language: Language) -> bool {
        match self.rule {
            Rule::Builds => true,
            Rule::Predicted => language == Language::Predictions,
            _ => language != Language::Predictions,
        }
    }

    /// Its requirements, if it has some.
    pub(crate) fn requirements(&self) -> &[Requirement] {
        match &self.rule {
            Rule::Requirements(requirements) => requirements,
            _ => &[],
        }
    }

    /// What must be explored to judge by it: a scenario's id, and how.
    pub(crate) fn explorations(&self) -> impl Iterator<Item = (&str, &Exploring)> {
        self.requirements().iter().flat_map(|requirement| {
            let exploring = requirement.exploring.as_ref();
            let scenarios = requirement.scenarios.iter().map(String::as_str);
            scenarios.filter_map(move |id| exploring.map(|exploring| (id, exploring)))
        })
    }
}
