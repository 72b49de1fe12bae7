//! `siglab check`.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use siglab_lab::{
    ErrorKind, GradeError, GradeOptions, GradeResult, Graded, Lab, Language, Status, Submission,
};
use siglab_report::{ReportOptions, SUMMARY_LIMIT};
use siglab_sandbox::Temporary;

use crate::args::{Check, SandboxMode};
use crate::failure::Failure;
use crate::file::Target;
use crate::guard::{Guarded, guard};
use crate::progress::Waiting;
use crate::sandbox::{self, Side};
use crate::{classroom50, exit, interrupt, output, remembered, user};

/// A summary that has less room than this says nothing.
const LEAST_SUMMARY: usize = 4096;

pub(crate) fn run(args: &Check) -> Result<u8, Failure> {
    let lab = super::find_labs(&args.labs)?
        .find(&args.lab)?
        .with_seed(args.seed)?;
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
    let submission = match submission {
        Ok(submission) => submission,
        Err(error) => {
            return not_graded(args, &lab, Problem::Grade(error), options, target.as_ref());
        }
    };
    // Removed here, whatever becomes of who writes to it.
    let temporary =
        Temporary::new("").map_err(|error| Failure::file("write", &env::temp_dir(), &error))?;
    if let Some(name) = &args.as_user {
        user::give(temporary.path(), name)?;
    }
    let grading = GradeOptions {
        cancel: cancel.clone(),
        sandbox,
        temporary: Some(temporary.path().to_owned()),
        deadline: args.deadline.deadline,
        compile_deadline: args.deadline.deadline / 2,
        lines: true,
        ..GradeOptions::default()
    };
    if submission.language == Language::Rust {
        // What is needed once isn't the submission's to wait for. If it can't be had, grading
        // says so.
        guard(None, &cancel, |_| {
            let _ = siglab_lab::prepare_libraries(&lab, &grading);
            Ok(exit::OK)
        })?;
    }
    let guarded = guard(Some(args.deadline.deadline), &cancel, |done| {
        let graded = grade(args, &lab, &submission, &grading);
        done.say();
        match graded {
            Ok(graded) => {
                if is_for_whoever_works(args) {
                    remembered::keep(&lab, &graded.result);
                }
                report(args, &graded, options.clone(), target.as_ref())?;
                Ok(status(args, &graded.result))
            }
            Err(problem) => not_graded(args, &lab, problem, options.clone(), target.as_ref()),
        }
    })?;
    let (problem, done) = match guarded {
        Guarded::Over(status) => return Ok(status),
        Guarded::TimedOut { done } => (Problem::TooSlow(args.deadline.deadline), done),
        Guarded::Died { reason, done } => {
            (Problem::Other(Failure::new(exit::INTERNAL, reason)), done)
        }
    };
    // On a busy machine it may not have had the time to say so itself.
    let problem = match interrupt::received().map(Failure::interrupted) {
        Some(failure) if done => return Err(failure),
        Some(failure) => Problem::Other(failure),
        None => problem,
    };
    not_graded(args, &lab, problem, options, target.as_ref())
}

/// Whether a person reads the result who works on the lab, rather than a program or whoever
/// grades what others have handed in.
fn is_for_whoever_works(args: &Check) -> bool {
    !args.format.is_for_programs()
        && args.output.is_none()
        && args.as_user.is_none()
        && args.sandbox == SandboxMode::Off
}

/// The exit status that stands for a result: criteria without points count only if the user
/// says so.
fn status(args: &Check, result: &GradeResult) -> u8 {
    let is_good = if args.strict {
        result.all_hold()
    } else {
        result.full_marks()
    };
    match result.status {
        Status::InternalError => exit::INTERNAL,
        _ if !args.format.verdict_in_exit_status() => exit::OK,
        Status::Graded if is_good => exit::OK,
        Status::Graded | Status::CompileError | Status::Refused => exit::FOUND,
    }
}

/// Tells why a submission wasn't graded; the exit status.
fn not_graded(
    args: &Check,
    lab: &Lab,
    problem: Problem,
    options: ReportOptions,
    target: Option<&Target>,
) -> Result<u8, Failure> {
    let (status, failure) = problem.settle();
    // Whoever waits for a document gets one, whatever happened.
    if args.format.is_for_programs() {
        let reason = failure.message().to_owned();
        let graded = Graded::without_runs(GradeResult::ungraded(&lab.manifest, status, reason));
        report(args, &graded, options, target)?;
    }
    if status == Status::Refused && !args.format.verdict_in_exit_status() {
        output::tell(&failure);
        return Ok(exit::OK);
    }
    Err(failure)
}

/// Why a submission wasn't graded.
enum Problem {
    Grade(GradeError),
    /// It wasn't built and run within this time.
    TooSlow(Duration),
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
            Self::TooSlow(deadline) => {
                let seconds = deadline.as_secs_f64();
                let words = format_args!(
                    "building and running it took more than {seconds} s, and was stopped"
                );
                let hint = "if the machine is slow, give it more time with --deadline";
                (Status::Refused, Failure::new(exit::FOUND, words).hint(hint))
            }
            Self::Other(failure) => (Status::InternalError, failure),
        }
    }
}

fn grade(
    args: &Check,
    lab: &Lab,
    submission: &Submission,
    options: &GradeOptions,
) -> Result<Graded, Problem> {
    if let Some(name) = &args.as_user {
        user::become_user(name).map_err(Problem::Other)?;
    }
    let _waiting = Waiting::new(&format!("grading {}", submission.path.display()));
    lab.grade(submission, options).map_err(Problem::Grade)
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
        // A file is no screen.
        all: args.all || args.output.is_some(),
        columns: (args.output.is_none() && !args.format.is_for_programs())
            .then(output::columns)
            .flatten(),
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
