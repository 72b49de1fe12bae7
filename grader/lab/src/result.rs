//! What grading one submission gave, and its form as JSON, `siglab/result/v1`.

use std::fmt;

use serde::{Deserialize, Serialize};
use siglab_model::Time;
use siglab_sandbox::{LayerId, Layers, State};

use crate::manifest::{Criterion, Manifest};

/// The name and version of the serialised form of [`GradeResult`].
pub const RESULT_SCHEMA: &str = "siglab/result/v1";

/// What grading one submission gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GradeResult {
    /// [`RESULT_SCHEMA`].
    pub schema: String,
    /// The lab's id.
    pub lab: String,
    /// The submission's language; absent if it was refused before that was known.
    pub language: Option<Language>,
    /// Points reached: the sum of all criteria's `points`.
    pub score: u32,
    /// Points that can be reached: the sum of all criteria's `max_points`.
    pub max_score: u32,
    /// How far grading came.
    pub status: Status,
    /// One entry for each criterion, in the manifest's order.
    pub criteria: Vec<CriterionResult>,
    /// Why the submission was refused, or what went wrong inside siglab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The seed from which the lab's moments were drawn: a decimal number, in 64 bits. Absent if
    /// it draws none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What the compiler wrote: warnings, or errors if the status is `compile-error`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub compiler_output: String,
    /// How the submission was confined, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxReport>,
}

/// How a submission was confined: docs/sandbox.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SandboxReport {
    /// `contained` or `weak`.
    pub level: String,
    /// Every layer, from L0 on.
    pub layers: Vec<LayerReport>,
}

/// One layer of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerReport {
    /// `L0` to `L5`.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Whether it was active.
    pub state: LayerState,
    /// How it was active, or why it was missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Whether a layer of the sandbox was active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LayerState {
    /// It was, and was tried out.
    Active,
    /// It wasn't.
    Missing,
}

impl SandboxReport {
    /// What a sandbox says of itself.
    #[must_use]
    pub fn new(layers: &Layers) -> Self {
        let layer = |(id, state): (LayerId, &State)| LayerReport {
            id: id.name().to_owned(),
            title: id.title().to_owned(),
            state: if state.is_active() {
                LayerState::Active
            } else {
                LayerState::Missing
            },
            detail: state.detail().to_owned(),
        };
        Self {
            level: layers.level().to_owned(),
            layers: layers.iter().map(layer).collect(),
        }
    }
}

impl GradeResult {
    /// Whether all points are there. Criteria without points don't count: they are advice.
    #[must_use]
    pub fn full_marks(&self) -> bool {
        self.status == Status::Graded && self.score == self.max_score
    }

    /// Whether every criterion holds, those without points included.
    #[must_use]
    pub fn all_hold(&self) -> bool {
        self.status == Status::Graded
            && self
                .criteria
                .iter()
                .all(|criterion| criterion.verdict == Verdict::Pass)
    }

    /// Whether this criterion of the result only advises: it has no points, and is not why
    /// nothing else could be tried.
    #[must_use]
    pub fn is_advice(&self, criterion: &CriterionResult) -> bool {
        criterion.informational || (criterion.max_points == 0 && self.status == Status::Graded)
    }

    /// The criteria that only advise, and don't hold or couldn't be decided.
    pub fn advice(&self) -> impl Iterator<Item = &CriterionResult> {
        self.criteria.iter().filter(|criterion| {
            self.is_advice(criterion) && matches!(criterion.verdict, Verdict::Fail | Verdict::Error)
        })
    }

    /// A submission to `lab` that could not be graded: no criterion was tried, and the
    /// score is 0 for the reason `message`.
    ///
    /// `status` is [`Status::Refused`] if that is the submission's doing, or else
    /// [`Status::InternalError`].
    #[must_use]
    pub fn ungraded(lab: &Manifest, status: Status, message: String) -> Self {
        let skipped = |criterion: &Criterion| CriterionResult {
            id: criterion.id.clone(),
            title: criterion.title.clone(),
            verdict: Verdict::Skipped,
            points: 0,
            max_points: criterion.points,
            informational: criterion.informational,
            scenario: None,
            diagnosis: None,
        };
        Self {
            schema: RESULT_SCHEMA.into(),
            lab: lab.id.clone(),
            language: None,
            score: 0,
            max_score: lab.max_score(),
            status,
            criteria: lab
                .criteria
                .iter()
                .filter(|it| it.is_for(lab.handed_in()[0]))
                .map(skipped)
                .collect(),
            message: Some(message),
            seed: lab.seed,
            compiler_output: String::new(),
            sandbox: None,
        }
    }

    /// The criterion with this id.
    #[must_use]
    pub fn criterion(&self, id: &str) -> Option<&CriterionResult> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }
}

/// The language of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Language {
    /// C, a file that ends in `.c`.
    C,
    /// Rust, a file that ends in `.rs`.
    Rust,
    /// No program, but what one is expected to do: a file that ends in `.toml`. For labs that ask
    /// questions.
    Predictions,
}

impl Language {
    /// The languages that programs are written in, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::C, Self::Rust];

    /// All that can be handed in, in the order in which it is shown.
    pub const HANDED_IN: [Self; 3] = [Self::C, Self::Rust, Self::Predictions];

    /// The ending of its files, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Rust => "rs",
            Self::Predictions => "toml",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::C => "c",
            Self::Rust => "rust",
            Self::Predictions => "predictions",
        })
    }
}

/// How far grading a submission came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Status {
    /// It was built and run.
    Graded,
    /// It doesn't compile; the score is 0.
    CompileError,
    /// It wasn't even compiled: not a file, too large, not text, ....
    Refused,
    /// siglab failed; the score says nothing about the submission.
    InternalError,
}

/// One criterion's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CriterionResult {
    /// Its id in the manifest.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Points reached: `max_points` or 0.
    pub points: u32,
    /// Points that can be reached.
    pub max_points: u32,
    /// Whether the manifest says that it only informs: it has 0 points.
    #[serde(default, skip_serializing_if = "is_false")]
    pub informational: bool,
    /// The scenario that decided it, if it doesn't hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Why it doesn't hold. Always there if the verdict is `fail` or `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Whether a criterion holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It doesn't.
    Fail,
    /// It couldn't be decided, and not by the submission's doing alone: the program used
    /// something that the engine doesn't control, or siglab failed.
    Error,
    /// It wasn't tried, because the submission doesn't compile or wasn't run.
    Skipped,
}

/// Why a criterion doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// A stable name: a requirement's of the manifest, or one of
    /// [`DIAGNOSES`](crate::DIAGNOSES).
    pub id: String,
    /// What the program did, with times and names out of the trace.
    pub message: String,
    /// What to look at.
    pub hint: String,
}

impl Diagnosis {
    /// The moments that the message names, as in `at 1.200s` or `1200.000 ms`. Durations look the
    /// same; nothing need have happened then.
    #[must_use]
    pub fn moments(&self) -> Vec<Time> {
        let words: Vec<&str> = self
            .message
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .collect();
        let moment = |(index, word): (usize, &&str)| {
            let next = words.get(index + 1).copied().unwrap_or_default();
            let starts = word.starts_with(|c: char| c.is_ascii_digit());
            starts.then(|| {
                word.parse()
                    .or_else(|_| format!("{word}{next}").parse())
                    .ok()
            })?
        };
        words.iter().enumerate().filter_map(moment).collect()
    }
}

/// The JSON Schema of [`GradeResult`], generated from the types.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(GradeResult);
    schema.insert("title".into(), RESULT_SCHEMA.into());
    if let Some(name) = schema.pointer_mut("/properties/schema") {
        *name = serde_json::json!({ "const": RESULT_SCHEMA });
    }
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_found_in_messages() {
        let moment = |message: &str| {
            let diagnosis = Diagnosis {
                id: "any".into(),
                message: message.into(),
                hint: String::new(),
            };
            diagnosis.moments()
        };
        let ms = |ms: &[u64]| -> Vec<_> {
            let moments = ms.iter().map(|ms| Time::from_nanos(ms * 1_000_000));
            moments.collect()
        };
        assert_eq!(
            moment("the parent sent SIGINT 2 times, at 1.200s and 2s"),
            ms(&[1200, 2000])
        );
        assert_eq!(moment("at 500.000 ms, it"), ms(&[500]));
        assert_eq!(moment("nothing at all, 3 times"), ms(&[]));
    }
}
