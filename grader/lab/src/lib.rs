//! Labs as data: a manifest (`lab.toml`) with scenarios and criteria, submissions and how
//! they are built, verdicts, scores, diagnoses, and the harness behind `cargo test`.
//!
//! - [`Labs`] finds labs; [`Lab`] is one of them: its folder and its [`Manifest`].
//! - [`Lab::submission`] takes a file or folder in; [`Lab::grade`] builds it, runs it
//!   under every scenario, and gives a [`GradeResult`].
//! - [`evaluate`](evaluate::evaluate) is the pure part of that: traces in, verdicts out.
//! - [`Lab::variants`] has the lab's own programs: starters, solutions, wrong variants.
//! - [`Lab::demonstrate`] runs a lab's own program under its scenarios.
//! - [`builder`] offers scenarios and requirements to people who write `#[test]`s.
//! - [`harness`] is a lab's whole `tests/lab.rs`.

#![forbid(unsafe_code)]

pub mod builder;
mod compile;
mod demonstrate;
pub mod evaluate;
mod explore;
mod grade;
#[cfg(test)]
mod grade_seeds;
pub mod harness;
mod lab;
pub mod manifest;
mod original;
mod predictions;
mod program;
mod result;
mod reuse;
mod selfcheck;
mod submission;
mod tokens;
mod variant;

pub use compile::{CompileError, compiler_folders, compiler_version, prepare_libraries};
pub use demonstrate::Demonstration;
pub use evaluate::diagnosis::DIAGNOSES;
pub use grade::{ErrorKind, GradeError, GradeOptions, Graded, ScenarioRun};
pub use lab::{EXERCISES, Lab, LabError, Labs, Listed, MANIFEST, nearest};
pub use manifest::{Manifest, ManifestError};
pub use original::{BuiltOriginal, Twin, Twins};
pub use predictions::{Answer, Said};
pub use program::{Build, BuiltProgram, build};
pub use result::{
    CriterionResult, Diagnosis, GradeResult, Language, LayerReport, LayerState, RESULT_SCHEMA,
    SandboxReport, Status, Verdict,
};
pub use reuse::KnownPrograms;
pub use selfcheck::{CheckedFile, LabReport, Problem};
pub use submission::{
    MAX_SOURCE_BYTES, NOT_STARTED, PREDICTIONS, Submission, SubmissionError, Wanted, pick,
};
pub use tokens::keeps_function;
pub use variant::{Part, UnknownVariant, Variant, VariantError};

/// The JSON Schema of `lab.toml`, generated from the types that read it.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    manifest::schema()
}

/// The JSON Schema of [`GradeResult`], generated from the types that are written: fields
/// may be added to what it describes.
#[cfg(feature = "schema")]
#[must_use]
pub fn result_schema() -> serde_json::Value {
    result::schema()
}
