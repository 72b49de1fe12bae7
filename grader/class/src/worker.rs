//! What a grader does: one attempt at one submission, in a process of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use siglab_engine::{Command, Error, Script};
use siglab_lab::{
    CompileError, CriterionResult, ErrorKind, GradeError, GradeOptions, GradeResult, Lab, Language,
    RESULT_SCHEMA, Status, Verdict,
};

use crate::error::ClassError;
use crate::intake::Entry;
use crate::intake::source::Source;
use crate::keys::LabKeys;
use crate::tidy::Folders;

/// What a compiler writes when it is the machine that fails it.
const MACHINE: [&str; 4] = [
    "No space left on device",
    "Cannot allocate memory",
    "virtual memory exhausted",
    "Killed signal terminated program",
];

/// Those of [`MACHINE`] that a compiler also writes when it reaches the limit that the sandbox
/// has for each compiler. With nothing else running, that is what it means there.
const OWN_LIMIT: [&str; 2] = ["Cannot allocate memory", "virtual memory exhausted"];

/// The processors that this process may use, in order.
pub(crate) fn processors() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    (0..CpuSet::count())
        .filter(|processor| allowed.is_set(*processor).unwrap_or(false))
        .collect()
}

/// Keeps the calling thread, and what it starts, on one processor: compilers and programs
/// then don't push each other around, and a ptrace stop costs a quarter. Without the
/// permission to do so it only takes longer.
pub(crate) fn pin(processor: usize) {
    let mut one = CpuSet::new();
    if one.set(processor).is_ok() {
        let _ = sched_setaffinity(Pid::from_raw(0), &one);
    }
}

/// What an attempt at a submission gave.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Attempted {
    /// A result that says something about it.
    Result(Box<GradeResult>),
    /// Something that says nothing about it, and may go another way when it is tried alone.
    Fault {
        /// In which language it is, if it can be read.
        language: Option<Language>,
        /// What went wrong.
        reason: String,
    },
    /// Nothing can be graded on this machine.
    Stop {
        /// Why.
        message: String,
        /// Whether siglab is to blame, rather than the machine.
        is_internal: bool,
    },
    /// It was asked to stop.
    Cancelled,
}

/// Grades what `entry` stands for, once. `alone`: whether nothing else is running.
pub(crate) fn attempt(
    lab: &Lab,
    keys: &LabKeys,
    entry: &Entry,
    key: &str,
    folders: &Folders,
    alone: bool,
    options: &GradeOptions,
) -> Attempted {
    let source = match Source::read(entry, lab) {
        Ok(source) if keys.key(&source) == key => source,
        // Nobody knows which version would have been graded.
        _ => {
            let reason = "it was changed while the class was graded";
            return Attempted::Result(Box::new(failed(lab, None, reason)));
        }
    };
    let fault = |reason| Attempted::Fault {
        language: Some(source.language),
        reason,
    };
    match catch_unwind(AssertUnwindSafe(|| once(lab, &source, folders, options))) {
        Ok(Ok(result)) => match reason_against(&result, options.sandbox.is_some() && alone) {
            None => Attempted::Result(Box::new(result)),
            Some(reason) => fault(reason),
        },
        Ok(Err(error)) if !alone && error.kind() == ErrorKind::Environment => {
            fault(error.to_string())
        }
        Ok(Err(error)) => match is_about_one(error) {
            Ok(reason) => fault(reason),
            Err(ClassError::Cancelled) => Attempted::Cancelled,
            Err(error) => Attempted::Stop {
                is_internal: error.kind() == ErrorKind::Internal,
                message: error.to_string(),
            },
        },
        Err(_) => fault("siglab panicked".to_owned()),
    }
}

fn once(
    lab: &Lab,
    source: &Source,
    folders: &Folders,
    options: &GradeOptions,
) -> Result<GradeResult, ClassError> {
    let path = source
        .unpack(lab.id(), folders.own())
        .map_err(|source| ClassError::Write {
            path: folders.own().to_owned(),
            source,
        })?;
    let mut submission = lab.submission(&path).map_err(GradeError::Submission)?;
    submission.beside.clone_from(&source.beside);
    let mut result = lab.grade(&submission, &folders.with(options))?.result;
    folders.tidy(&mut result);
    Ok(result)
}

/// Why a result says nothing about the submission, if it doesn't. `is_limited`: whether the
/// compiler ran in the sandbox, and alone.
fn reason_against(result: &GradeResult, is_limited: bool) -> Option<String> {
    let message = || result.message.clone().unwrap_or_default();
    match result.status {
        Status::InternalError => Some(message()),
        Status::CompileError => MACHINE
            .into_iter()
            .filter(|words| !(is_limited && OWN_LIMIT.contains(words)))
            .find(|words| result.compiler_output.contains(words))
            .map(|words| format!("the compiler failed: {words}")),
        Status::Graded | Status::Refused => None,
    }
}

/// The reason, if the failure is about one submission; otherwise the failure.
fn is_about_one(error: ClassError) -> Result<String, ClassError> {
    let ClassError::Grade(error) = error else {
        return Err(error);
    };
    let about_one = match &error {
        GradeError::Engine(Error::Exec { .. }) => true,
        // A program can use something up for a moment; then the next one starts again.
        GradeError::Engine(Error::PtraceDenied { .. } | Error::Environment { .. }) => can_run(),
        GradeError::Compile(CompileError::Cancelled) => false,
        error => error.kind() == ErrorKind::Internal,
    };
    if about_one {
        Ok(error.to_string())
    } else if error.kind() == ErrorKind::Cancelled {
        Err(ClassError::Cancelled)
    } else {
        Err(error.into())
    }
}

/// Whether this machine lets a program be run at all.
fn can_run() -> bool {
    let command = Command::new("/proc/self/exe").args(["--version"]);
    siglab_engine::run(
        &command,
        &Script::default(),
        &siglab_engine::Options::default(),
    )
    .is_ok()
}

/// The result of a submission that could not be graded.
pub(crate) fn failed(lab: &Lab, language: Option<Language>, reason: &str) -> GradeResult {
    without_runs(lab, Status::InternalError, language, reason)
}

/// The result of what isn't a submission, or is one that nobody can wait for.
pub(crate) fn refused(lab: &Lab, language: Option<Language>, reason: &str) -> GradeResult {
    without_runs(lab, Status::Refused, language, reason)
}

fn without_runs(
    lab: &Lab,
    status: Status,
    language: Option<Language>,
    reason: &str,
) -> GradeResult {
    let criteria = lab
        .manifest
        .criteria
        .iter()
        .map(|criterion| CriterionResult {
            id: criterion.id.clone(),
            title: criterion.title.clone(),
            verdict: Verdict::Skipped,
            points: 0,
            max_points: criterion.points,
            informational: criterion.informational,
            scenario: None,
            diagnosis: None,
        });
    GradeResult {
        schema: RESULT_SCHEMA.into(),
        lab: lab.id().to_owned(),
        language,
        score: 0,
        max_score: lab.manifest.max_score(),
        status,
        criteria: criteria.collect(),
        message: Some(reason.to_owned()),
        seed: lab.manifest.seed,
        compiler_output: String::new(),
        sandbox: None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use siglab_engine::Error;
    use siglab_lab::{CompileError, ErrorKind, GradeError, Status};

    use super::{MACHINE, OWN_LIMIT, is_about_one, reason_against};
    use crate::error::ClassError;

    fn io_error() -> io::Error {
        io::ErrorKind::PermissionDenied.into()
    }

    #[test]
    fn one_submission_cannot_stop_the_class() {
        for error in [
            Error::Exec {
                program: "lab".into(),
                source: io_error(),
            },
            Error::Internal("lost count".into()),
            // As a program can run, it was a matter of the moment.
            Error::Environment {
                operation: "fork",
                source: io_error(),
            },
            Error::PtraceDenied { source: io_error() },
        ] {
            let said = error.to_string();
            let reason = is_about_one(GradeError::Engine(error).into());
            assert_eq!(reason.expect("it is about one"), said);
        }
    }

    #[test]
    fn what_is_wrong_for_all_stops_the_class() {
        let no_compiler = CompileError::NoCompiler {
            what: "C compiler",
            program: "cc".into(),
            source: io_error(),
        };
        let error = is_about_one(GradeError::Compile(no_compiler).into());
        let error = error.expect_err("it is about all");
        assert_eq!(error.kind(), ErrorKind::Environment);
        for error in [
            GradeError::Cancelled,
            GradeError::Compile(CompileError::Cancelled),
        ] {
            let error = is_about_one(error.into());
            assert!(matches!(error, Err(ClassError::Cancelled)), "{error:?}");
        }
    }

    #[test]
    fn a_compiler_that_the_machine_fails_is_no_verdict() {
        let result = |status: &str, output: &str| {
            serde_json::from_value(serde_json::json!({
                "schema": "siglab/result/v1", "lab": "lab", "language": "c", "score": 0,
                "max_score": 1, "status": status, "criteria": [], "compiler_output": output,
            }))
            .expect("it is a result")
        };
        assert_eq!(
            reason_against(&result("compile-error", "lab.c:1:1: error: no"), false),
            None
        );
        for words in MACHINE {
            let output = format!("cc1: fatal error: {words}\ncompilation terminated.\n");
            let reason = reason_against(&result("compile-error", &output), false);
            assert_eq!(reason, Some(format!("the compiler failed: {words}")));
            assert_eq!(reason_against(&result("graded", &output), false), None);
            let in_sandbox = reason_against(&result("compile-error", &output), true);
            assert_eq!(in_sandbox.is_none(), OWN_LIMIT.contains(&words), "{words}");
        }
        let mut internal = result("internal-error", "");
        internal.message = Some("lost count".into());
        assert_eq!(internal.status, Status::InternalError);
        assert_eq!(reason_against(&internal, true), Some("lost count".into()));
    }
}
