//! `siglab check`.

use siglab_lab::{GradeOptions, Status};

use crate::args::Check;
use crate::failure::Failure;
use crate::file::Target;
use crate::sandbox::{self, Side};
use crate::{exit, interrupt, output};

pub(crate) fn run(args: &Check) -> Result<u8, Failure> {
    let lab = super::find_labs(&args.labs)?.find(&args.lab)?;
    let submission = lab
        .submission(&args.file)
        .map_err(siglab_lab::GradeError::Submission)?;
    let target = args.output.as_deref().map(Target::prepare).transpose()?;
    let tools = sandbox::tools(args.sandbox, &lab, submission.language)?;
    let sandbox = match sandbox::enter(args.sandbox, tools)? {
        Side::Here(sandbox) => sandbox,
        Side::Done(status) => return Ok(status),
    };
    let cancel = interrupt::install().map_err(Failure::no_handlers)?;
    let graded = lab.grade(
        &submission,
        &GradeOptions {
            cancel,
            sandbox,
            ..GradeOptions::default()
        },
    )?;
    output::report(args.format, &graded, target.as_ref())?;
    Ok(match graded.result.status {
        Status::InternalError => exit::INTERNAL,
        Status::Graded if graded.result.full_marks() => exit::OK,
        Status::Graded | Status::CompileError | Status::Refused => exit::FOUND,
    })
}
