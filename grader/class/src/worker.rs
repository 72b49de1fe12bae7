//! One worker: grades submissions one after another, on a processor of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{PoisonError, RwLock};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use siglab_engine::{Command, Error, Script};
use siglab_lab::{
    CompileError, CriterionResult, ErrorKind, GradeError, GradeOptions, GradeResult, Lab, Language,
    RESULT_SCHEMA, Status, Verdict,
};
use siglab_sandbox::Sandbox;

use crate::error::ClassError;
use crate::intake::Entry;
use crate::intake::source::Source;
use crate::keys::LabKeys;
use crate::tidy::tidy;

/// How often a submission is tried that can't be graded.
const ATTEMPTS: usize = 2;

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

/// Who works at the moment: many, or one alone.
#[derive(Debug, Default)]
pub(crate) struct Room(RwLock<()>);

impl Room {
    /// Does `work` beside others, or while nobody else does any.
    fn work<T>(&self, alone: bool, work: impl FnOnce() -> T) -> T {
        if alone {
            let _all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            work()
        } else {
            let _some = self.0.read().unwrap_or_else(PoisonError::into_inner);
            work()
        }
    }
}

/// Grades what `entry` stands for. What can't be graded is tried a second time, with nothing
/// else running: what another submission uses up (disk, memory, processes) is no fault of
/// this one. If that fails too, it is a result that says so.
///
/// # Errors
/// If nothing can be graded on this machine, or it was asked to stop.
pub(crate) fn grade(
    lab: &Lab,
    keys: &LabKeys,
    entry: &Entry,
    key: &str,
    room: &Room,
    options: &GradeOptions,
) -> Result<GradeResult, ClassError> {
    let source = match Source::read(entry, lab.id()) {
        Ok(source) if keys.key(&source) == key => source,
        // Nobody knows which version would have been graded.
        _ => {
            let reason = "it was changed while the class was graded";
            return Ok(failed(lab, None, reason));
        }
    };
    let mut reason = String::new();
    for number in 1..=ATTEMPTS {
        let attempt = room.work(number > 1, || {
            if options.cancel.is_cancelled() {
                return Ok(Err(ClassError::Cancelled));
            }
            catch_unwind(AssertUnwindSafe(|| once(lab, &source, options)))
        });
        reason = match attempt {
            Ok(Ok(result)) => match fault(&result, options.sandbox.is_some() && number > 1) {
                None => return Ok(result),
                Some(reason) => reason,
            },
            Ok(Err(error)) if number < ATTEMPTS && error.kind() == ErrorKind::Environment => {
                error.to_string()
            }
            Ok(Err(error)) => is_about_one(error)?,
            Err(_) => "siglab panicked".to_owned(),
        };
    }
    Ok(failed(lab, Some(source.language), &reason))
}

fn once(lab: &Lab, source: &Source, options: &GradeOptions) -> Result<GradeResult, ClassError> {
    let (_folder, path) = source
        .unpack(lab.id())
        .map_err(|source| ClassError::Write {
            path: std::env::temp_dir(),
            source,
        })?;
    let mut submission = lab.submission(&path).map_err(GradeError::Submission)?;
    submission.beside.clone_from(&source.beside);
    let mut result = lab.grade(&submission, options)?.result;
    tidy(&mut result, options.sandbox.as_ref().map(Sandbox::folder));
    Ok(result)
}

/// Why a result says nothing about the submission, if it doesn't. `is_limited`: whether the
/// compiler ran in the sandbox, and alone.
fn fault(result: &GradeResult, is_limited: bool) -> Option<String> {
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
fn failed(lab: &Lab, language: Option<Language>, reason: &str) -> GradeResult {
    without_runs(lab, Status::InternalError, language, reason)
}

/// The result of what isn't a submission.
pub(crate) fn refused(lab: &Lab, reason: &str) -> GradeResult {
    without_runs(lab, Status::Refused, None, reason)
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
        compiler_output: String::new(),
        sandbox: None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use siglab_engine::Error;
    use siglab_lab::{CompileError, ErrorKind, GradeError, Status};

    use super::{MACHINE, OWN_LIMIT, fault, is_about_one};
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
            fault(&result("compile-error", "lab.c:1:1: error: no"), false),
            None
        );
        for words in MACHINE {
            let output = format!("cc1: fatal error: {words}\ncompilation terminated.\n");
            let reason = fault(&result("compile-error", &output), false);
            assert_eq!(reason, Some(format!("the compiler failed: {words}")));
            assert_eq!(fault(&result("graded", &output), false), None);
            let in_sandbox = fault(&result("compile-error", &output), true);
            assert_eq!(in_sandbox.is_none(), OWN_LIMIT.contains(&words), "{words}");
        }
        let mut internal = result("internal-error", "");
        internal.message = Some("lost count".into());
        assert_eq!(internal.status, Status::InternalError);
        assert_eq!(fault(&internal, true), Some("lost count".into()));
    }
}
