//! C, with the compiler that the `cc` crate finds.

use std::sync::OnceLock;

use super::process::Finished;
use super::{CompileError, Job, Workshop};
use crate::manifest::CBuild;

/// The target that siglab itself was built for.
const TARGET: &str = env!("SIGLAB_TARGET");

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
    workshop.compile_with(job, &mut command, "C compiler")
}

/// The compiler, looked for once: finding out what it is takes some milliseconds.
pub(super) fn compiler() -> Result<&'static cc::Tool, CompileError> {
    static TOOL: OnceLock<Result<cc::Tool, String>> = OnceLock::new();
    TOOL.get_or_init(|| {
        cc::Build::new()
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
