//! C, with the compiler that the `cc` crate finds.

use std::sync::OnceLock;

use siglab_sandbox::Temporary;

use super::process::{Ended, Finished, KEPT};
use super::{CompileError, Job, Workshop};
use crate::manifest::CBuild;

/// The target that siglab itself was built for.
const TARGET: &str = env!("SIGLAB_TARGET");

/// The largest preprocessed text that is looked at, in bytes; the system's headers are a small
/// part of it.
const PREPROCESSED: usize = 8 << 20;

/// Compiles a submission.
pub(super) fn compile(
    workshop: &Workshop,
    job: &Job,
    build: &CBuild,
) -> Result<Finished, CompileError> {
    let mut command = compiler()?.to_command();
    let (libraries, flags): (Vec<_>, Vec<_>) = build
        .args()
        .into_iter()
        .partition(|flag| flag.starts_with("-l"));
    command
        .arg("-fdiagnostics-color=never")
        .args(flags)
        .arg("-o")
        .arg(&job.program)
        .arg(&job.source)
        // A library is searched for what is undefined before it.
        .args(libraries);
    workshop.compile_with(job, &mut command, "C compiler", KEPT)
}

/// What the compiler sees of a submission after preprocessing; nothing if that fails. Of more
/// than anybody writes by hand, an empty text: then no function is known to be what it was.
pub(super) fn preprocess(
    workshop: &Workshop,
    job: &Job,
    build: &CBuild,
) -> Result<Option<String>, CompileError> {
    let mut command = compiler()?.to_command();
    let flags = build.args().into_iter().filter(|it| !it.starts_with("-l"));
    command.args(flags).arg("-E").arg(&job.source);
    let finished = workshop.compile_with(job, &mut command, "C compiler", PREPROCESSED)?;
    match finished.ended {
        Ended::Cancelled => Err(CompileError::Cancelled),
        Ended::Success if finished.stdout.len() <= PREPROCESSED => Ok(Some(finished.stdout)),
        Ended::Success => Ok(Some(String::new())),
        _ => Ok(None),
    }
}

/// The compiler, looked for once: finding out what it is takes some milliseconds.
pub(super) fn compiler() -> Result<&'static cc::Tool, CompileError> {
    static TOOL: OnceLock<Result<cc::Tool, String>> = OnceLock::new();
    TOOL.get_or_init(|| {
        // What it compiles to find out which compiler it is.
        let folder = Temporary::new("").map_err(|error| error.to_string())?;
        cc::Build::new()
            .out_dir(folder.path())
            .cargo_metadata(false)
            // They would go to standard output, where a report may be.
            .cargo_warnings(false)
            .no_default_flags(true)
            .opt_level(1)
            .target(TARGET)
            .host(TARGET)
            .try_get_compiler()
            .map_err(|error| error.to_string())
    })
    .as_ref()
    .map_err(|error| CompileError::NoCompiler {
        what: "C compiler",
        program: "cc".into(),
        source: std::io::Error::other(error.clone()),
    })
}
