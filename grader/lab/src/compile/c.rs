//! C, with the compiler that the `cc` crate finds.

use std::path::Path;
use std::sync::OnceLock;

use super::process::Finished;
use super::{CompileError, Workshop, as_argument};
use crate::manifest::CBuild;

/// The target that siglab itself was built for.
const TARGET: &str = env!("SIGLAB_TARGET");

/// Compiles `source` to `program`.
pub(super) fn compile(
    workshop: &Workshop,
    source: &Path,
    program: &Path,
    build: &CBuild,
) -> Result<Finished, CompileError> {
    let mut command = compiler()?.to_command();
    let (libraries, flags): (Vec<_>, Vec<_>) = build
        .args()
        .into_iter()
        .partition(|flag| flag.starts_with("-l"));
    command
        .env("LC_ALL", "C")
        .arg("-fdiagnostics-color=never")
        .args(flags)
        .arg("-o")
        .arg(program)
        .arg(as_argument(source))
        // A library is searched for what is undefined before it.
        .args(libraries);
    workshop.run(&mut command, "C compiler")
}

/// The compiler, looked for once: finding out what it is takes some milliseconds.
pub(super) fn compiler() -> Result<&'static cc::Tool, CompileError> {
    static TOOL: OnceLock<Result<cc::Tool, String>> = OnceLock::new();
    TOOL.get_or_init(|| {
        cc::Build::new()
            .cargo_metadata(false)
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
