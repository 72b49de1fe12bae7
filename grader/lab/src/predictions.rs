//! Predictions: what a student expects a program to do, in place of a program.
//!
//! ```toml
//! # The scenario's id, and for each question an answer.
//! [caught]
//! handler_runs = 1
//! ends = "exit 0"
//! ends_at = "9.5s"
//! ```
//!
//! The answers aren't written down anywhere: they are what happens when the program that was
//! handed out is run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_spanned::Spanned;
use siglab_model::{Kind, ProcessStatus, Role, Signal, Time, Trace};

use crate::compile::{CompileError, Compiled, Workshop};
use crate::grade::GradeOptions;
use crate::lab::{Lab, nearest};
use crate::manifest::{Asks, Manifest, Question, Roles};
use crate::result::Language;
use crate::submission::{self, Submission};

/// What stands for an answer that nobody has given yet.
const OPEN: &str = "?";

/// Predicted times may be so far off: reading a clock takes a nanosecond of virtual time.
const TOLERANCE: Duration = Duration::from_millis(10);

/// What was predicted, by scenario and question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predictions(BTreeMap<String, BTreeMap<String, Said>>);

/// A prediction, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// None.
    Nothing,
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Predictions {
    /// Reads a file of predictions for a lab. The error says where it is wrong, and how.
    pub(crate) fn read(text: &str, manifest: &Manifest) -> Result<Self, String> {
        type Written = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<toml::Value>>>;
        let line = |at: usize| 1 + text[..at].matches('\n').count();
        let wrong = |at: usize, what: String| Err(format!("line {}: error: {what}", line(at)));
        if manifest.questions.is_empty() {
            return Err("error: this lab asks for a program, not for predictions".into());
        }
        let written: Written = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return wrong(at, error.message().trim_end().to_owned());
            }
        };
        let mut all = BTreeMap::new();
        for (id, answers) in written {
            if manifest.scenario(id.get_ref()).is_none() {
                let known = manifest.scenarios.iter().map(|it| it.id.as_str());
                let what = unknown("scenario", id.get_ref(), known);
                return wrong(id.span().start, what);
            }
            let mut of_scenario = BTreeMap::new();
            for (key, value) in answers {
                if !manifest.questions.iter().any(|it| it.id == *key.get_ref()) {
                    let known = manifest.questions.iter().map(|it| it.id.as_str());
                    return wrong(key.span().start, unknown("question", key.get_ref(), known));
                }
                let at = value.span().start;
                let said = match value.into_inner() {
                    toml::Value::String(text) if text.trim() == OPEN => Said::Nothing,
                    toml::Value::String(text) => Said::Text(text.trim().to_owned()),
                    toml::Value::Integer(number) => Said::Number(number),
                    _ => return wrong(at, "an answer is a number or a text in quotes".into()),
                };
                of_scenario.insert(key.into_inner(), said);
            }
            all.insert(id.into_inner(), of_scenario);
        }
        Ok(Self(all))
    }

    /// What was predicted.
    pub(crate) fn of(&self, scenario: &str, question: &str) -> &Said {
        let said = self.0.get(scenario).and_then(|it| it.get(question));
        said.unwrap_or(&Said::Nothing)
    }
}

fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(id, known.clone()) {
        Some(nearest) => format!("no {what} `{id}`; did you mean `{nearest}`?"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("no {what} `{id}`; there are: {}", known.join(", "))
        }
    }
}

/// What happens in a run, as the answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So often.
    Count(usize),
    /// A process ends like this.
    Ends(ProcessStatus),
    /// At this time.
    At(Time),
    /// It doesn't end by itself.
    Never,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Ends(ProcessStatus::Exited(code)) => write!(f, "exit {code}"),
            Self::Ends(ProcessStatus::Killed(signal)) => write!(f, "{signal}"),
            Self::At(time) => {
                let seconds = time.since(Time::ZERO).as_secs_f64();
                let text = format!("{seconds:.3}");
                write!(f, "{}s", text.trim_end_matches('0').trim_end_matches('.'))
            }
            Self::Never => f.write_str("never"),
        }
    }
}

impl Answer {
    /// The answer that a run gives.
    pub(crate) fn of(question: &Question, trace: &Trace, roles: &Roles) -> Self {
        match &question.asks {
            Asks::Count(pattern) => Self::Count(pattern.find(&trace.events, roles).count()),
            Asks::Ends(role) => Self::ends(trace, roles, role),
            Asks::EndsAt(role) => Self::ends_at(trace, roles, role),
        }
    }

    /// How the process ends that the lab calls `role`.
    #[must_use]
    pub fn ends(trace: &Trace, roles: &Roles, role: &str) -> Self {
        end(trace, roles, role).map_or(Self::Never, |(_, it)| Self::Ends(it))
    }

    /// When it ends.
    #[must_use]
    pub fn ends_at(trace: &Trace, roles: &Roles, role: &str) -> Self {
        end(trace, roles, role).map_or(Self::Never, |(at, _)| Self::At(at))
    }

    /// Whether that was predicted.
    #[must_use]
    pub fn is(&self, said: &Said) -> bool {
        let text = match said {
            Said::Nothing => return false,
            Said::Number(number) => number.to_string(),
            Said::Text(text) => text.clone(),
        };
        match self {
            Self::Count(count) => text.parse() == Ok(*count),
            Self::Ends(ProcessStatus::Exited(code)) => exit_code(&text) == Some(*code),
            Self::Ends(ProcessStatus::Killed(signal)) => killed_by(&text) == Some(*signal),
            Self::At(time) => text.parse::<Time>().is_ok_and(|said| {
                let (early, late) = (said.min(*time), said.max(*time));
                late.since(early) <= TOLERANCE
            }),
            Self::Never => text.eq_ignore_ascii_case("never"),
        }
    }
}

/// `exit 3`, `exits with 3` and the like, or the number alone.
fn exit_code(text: &str) -> Option<i32> {
    let text = text.to_ascii_lowercase();
    let mut words = text.split_ascii_whitespace();
    let number = words.next_back()?.parse().ok()?;
    let is_about_that =
        |word: &str| word.starts_with("exit") || ["with", "status", "code"].contains(&word);
    words.all(is_about_that).then_some(number)
}

/// `SIGINT`, `killed by SIGINT` and the like.
fn killed_by(text: &str) -> Option<Signal> {
    let text = text.to_ascii_lowercase();
    let mut words = text.split_ascii_whitespace();
    let name = words.next_back()?;
    // Numbers of signals differ between machines, and look like a status.
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let signal = name.to_ascii_uppercase().parse().ok()?;
    let is_about_that =
        |word: &str| ["killed", "terminated", "dies", "died", "by", "of", "signal"].contains(&word);
    words.all(is_about_that).then_some(signal)
}

/// When and how the process that the lab calls `role` ends.
fn end(trace: &Trace, roles: &Roles, role: &str) -> Option<(Time, ProcessStatus)> {
    let is_it = |it: &Role| roles.named(it.as_str()) == role || it.as_str() == role;
    trace.events.iter().find_map(|event| {
        let status = match &event.kind {
            Kind::Exit { code } => ProcessStatus::Exited(*code),
            Kind::Killed { signal, .. } => ProcessStatus::Killed(*signal),
            _ => return None,
        };
        let is_its = event.role.as_ref().is_some_and(is_it);
        is_its.then_some((event.t, status))
    })
}

impl Lab {
    /// Compiles what was handed in; for predictions, the program that they are about, in C. What is
    /// wrong with a file of predictions is told as a compiler's words are.
    pub(crate) fn compile(
        &self,
        handed_in: &Submission,
        options: &GradeOptions,
    ) -> Result<Compiled, CompileError> {
        let workshop = Workshop::new(self, options);
        if handed_in.language != Language::Predictions {
            return workshop.compile(handed_in, &self.manifest);
        }
        if let Err(output) = Predictions::read(&handed_in.source, &self.manifest) {
            return Ok(Compiled::Failed { output });
        }
        let file = self.manifest.files.original_file(self.id(), Language::C);
        let path = self.dir().join(file);
        let source = submission::read(&path).map_err(|error| CompileError::Io {
            operation: "read",
            path: path.clone(),
            source: std::io::Error::other(error),
        })?;
        let program = Submission {
            path,
            language: Language::C,
            source,
            beside: Vec::new(),
        };
        workshop.compile(&program, &self.manifest)
    }
}

#[cfg(test)]
mod tests;
