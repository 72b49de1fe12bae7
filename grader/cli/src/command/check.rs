//! `siglab check`.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use siglab_engine::Cancel;
use siglab_lab::{
    ErrorKind, GradeError, GradeOptions, GradeResult, Graded, Lab, Status, Submission,
};
use siglab_report::{ReportOptions, SUMMARY_LIMIT};
use siglab_sandbox::Sandbox;

use crate::args::Check;
use crate::failure::Failure;
use crate::file::Target;
use crate::sandbox::{self, Side};
use crate::{classroom50, exit, interrupt, output, user};

/// A summary that has less room than this says nothing.
const LEAST_SUMMARY: usize = 4096;

pub(crate) fn run(args: &Check) -> Result<u8, Failure> {
    let lab = super::find_labs(&args.labs)?.find(&args.lab)?;
    let options = report_options(args, &lab)?;
    let target = args.output.as_deref().map(Target::prepare).transpose()?;
    let submission = lab.submission(&args.file).map_err(GradeError::Submission);
    let sandbox = match &submission {
        Ok(submission) => {
            let tools = sandbox::tools(args.sandbox, &lab, submission.language)?;
            match sandbox::enter(args.sandbox, tools)? {
                Side::Here(sandbox) => sandbox,
                Side::Done(status) => return Ok(status),
            }
        }
        Err(_) => None,
    };
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    match grade(args, &lab, submission, sandbox, cancel) {
        Ok(graded) => {
            report(args, &graded, options, target.as_ref())?;
            Ok(match graded.result.status {
                Status::InternalError => exit::INTERNAL,
                _ if !args.format.verdict_in_exit_status() => exit::OK,
                Status::Graded if graded.result.full_marks() => exit::OK,
                Status::Graded | Status::CompileError | Status::Refused => exit::FOUND,
            })
        }
        Err(problem) => {
            let (status, failure) = problem.settle();
            // Whoever waits for a document gets one, whatever happened.
            if args.format.is_for_programs() {
                let reason = failure.message().to_owned();
                let graded =
                    Graded::without_runs(GradeResult::ungraded(&lab.manifest, status, reason));
                report(args, &graded, options, target.as_ref())?;
            }
            if status == Status::Refused && !args.format.verdict_in_exit_status() {
                output::tell(&failure);
                return Ok(exit::OK);
            }
            Err(failure)
        }
    }
}

/// Why a submission wasn't graded.
enum Problem {
    Grade(GradeError),
    Other(Failure),
}

impl Problem {
    fn settle(self) -> (Status, Failure) {
        match self {
            Self::Grade(error) => {
                let refused =
                    matches!(error, GradeError::Submission(_)) && error.kind() == ErrorKind::Usage;
                let status = if refused {
                    Status::Refused
                } else {
                    Status::InternalError
                };
                (status, error.into())
            }
            Self::Other(failure) => (Status::InternalError, failure),
        }
    }
}

fn grade(
    args: &Check,
    lab: &Lab,
    submission: Result<Submission, GradeError>,
    sandbox: Option<Sandbox>,
    cancel: Cancel,
) -> Result<Graded, Problem> {
    let submission = submission.map_err(Problem::Grade)?;
    if let Some(name) = &args.as_user {
        user::become_user(name).map_err(Problem::Other)?;
    }
    let options = GradeOptions {
        cancel,
        sandbox,
        ..GradeOptions::default()
    };
    lab.grade(&submission, &options).map_err(Problem::Grade)
}

fn report_options(args: &Check, lab: &Lab) -> Result<ReportOptions, Failure> {
    let classroom50 = if args.format.needs_classroom50() {
        let variable = |name: &str| env::var(name).ok();
        let fields = classroom50::collect(lab.id(), &args.classroom50, &variable)?;
        Some(fields)
    } else {
        None
    };
    Ok(ReportOptions {
        // A document is the same in every locale.
        unicode: args.format.is_for_programs() || output::unicode(),
        source: Some(source(lab, &args.file)),
        classroom50,
        ..ReportOptions::default()
    })
}

/// The submission's file as GitHub knows it: relative to the repository.
fn source(lab: &Lab, file: &Path) -> String {
    let path = lab
        .submission(file)
        .map_or_else(|_| file.to_owned(), |submission| submission.path);
    let within = || {
        let workspace = fs::canonicalize(env::var_os("GITHUB_WORKSPACE")?).ok()?;
        let full = fs::canonicalize(&path).ok()?;
        Some(full.strip_prefix(workspace).ok()?.display().to_string())
    };
    within().unwrap_or_else(|| path.display().to_string())
}

fn report(
    args: &Check,
    graded: &Graded,
    options: ReportOptions,
    target: Option<&Target>,
) -> Result<(), Failure> {
    output::report(args.format, graded, &options, target)?;
    match env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
        Some(path) => summarise(args, graded, &options, path.as_ref()),
        None => Ok(()),
    }
}

/// Adds to the summary of a step of GitHub Actions, if the format has something for it.
/// All steps' commands write to one file, which is refused as a whole if it is too large.
fn summarise(
    args: &Check,
    graded: &Graded,
    options: &ReportOptions,
    path: &Path,
) -> Result<(), Failure> {
    let used = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let used = usize::try_from(used).unwrap_or(usize::MAX);
    let room = SUMMARY_LIMIT.saturating_sub(used);
    let Some(page) = args.format.summary(graded, options, room) else {
        return Ok(());
    };
    if room < LEAST_SUMMARY {
        output::tell("siglab: there is no room left in the step's summary");
        return Ok(());
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path);
    file.as_mut()
        .map_err(|error| Failure::file("write", path, error))?
        .write_all(page.as_bytes())
        .map_err(|error| Failure::file("write", path, &error))
}
