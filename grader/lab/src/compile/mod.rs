//! Builds submissions.

mod c;
mod process;
mod rust;
#[cfg(test)]
mod tests;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use siglab_engine::Cancel;
use tempfile::TempDir;

use crate::lab::Lab;
use crate::manifest::Manifest;
use crate::result::Language;
use crate::submission::Submission;
use process::{Ended, Finished};

/// A built submission. The program is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Built {
    /// The program.
    pub program: PathBuf,
    /// What the compiler wrote: warnings.
    pub output: String,
    /// Where the program is.
    _dir: TempDir,
}

/// What compiling gave.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// A program.
    Built(Built),
    /// Errors.
    Failed {
        /// What the compiler wrote.
        output: String,
    },
}

/// Why a submission could be neither built nor found faulty.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A compiler isn't there.
    #[error("no {what} ({program}): {source}{}", needed(program))]
    NoCompiler {
        /// What it is.
        what: &'static str,
        /// What was tried.
        program: String,
        /// Why it can't be run.
        source: io::Error,
    },
    /// The libraries that Rust submissions may use can't be built.
    #[error("can't build the libraries for Rust submissions in {}:\n{output}", dir.display())]
    Libraries {
        /// Where.
        dir: PathBuf,
        /// What cargo wrote.
        output: String,
    },
    /// A file or folder can't be written.
    #[error("can't {operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// It was asked to stop.
    #[error("cancelled")]
    Cancelled,
}

fn needed(program: &str) -> &'static str {
    if program.ends_with("rustc") || program.ends_with("cargo") {
        "; install Rust, or set RUSTC and CARGO"
    } else {
        "; install a C compiler, or set CC"
    }
}

/// Where and how submissions are built.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    /// The folder of libraries for Rust submissions.
    cache: PathBuf,
    /// The lock file whose versions they have, if there is one.
    lock_file: Option<PathBuf>,
    deadline: Duration,
    cancel: Cancel,
}

impl Workshop {
    /// For the submissions to `lab`. The libraries are kept in `cache`, or in cargo's
    /// target folder.
    pub(crate) fn new(
        lab: &Lab,
        cache: Option<&Path>,
        deadline: Duration,
        cancel: &Cancel,
    ) -> Self {
        let lock_file = lab
            .dir()
            .ancestors()
            .map(|folder| folder.join("Cargo.lock"))
            .find(|file| file.is_file());
        let root = lock_file.as_deref().and_then(Path::parent);
        let cache = cache.map_or_else(|| default_cache(root), Path::to_owned);
        Self {
            cache,
            lock_file,
            deadline,
            cancel: cancel.clone(),
        }
    }

    /// Compiles `submission` as `manifest` says.
    pub(crate) fn compile(
        &self,
        submission: &Submission,
        manifest: &Manifest,
    ) -> Result<Compiled, CompileError> {
        let dir = TempDir::with_prefix("siglab-").map_err(|source| CompileError::Io {
            operation: "make a folder in",
            path: env::temp_dir(),
            source,
        })?;
        let program = dir.path().join(&manifest.id);
        let finished = match submission.language {
            Language::C => c::compile(self, &submission.path, &program, &manifest.c)?,
            Language::Rust => rust::compile(self, &submission.path, &program, &manifest.rust)?,
        };
        let mut output = tidy(&finished);
        match finished.ended {
            Ended::Cancelled => Err(CompileError::Cancelled),
            Ended::Success => Ok(Compiled::Built(Built {
                program,
                output,
                _dir: dir,
            })),
            Ended::Failure => Ok(Compiled::Failed { output }),
            Ended::TimedOut => {
                output.push_str(&format!(
                    "error: the compiler was stopped after {} s\n",
                    self.deadline.as_secs()
                ));
                Ok(Compiled::Failed { output })
            }
        }
    }

    fn run(
        &self,
        command: &mut std::process::Command,
        what: &'static str,
    ) -> Result<Finished, CompileError> {
        process::run(command, self.deadline, &self.cancel).map_err(|source| {
            CompileError::NoCompiler {
                what,
                program: command.get_program().to_string_lossy().into_owned(),
                source,
            }
        })
    }
}

/// What the compiler for `language` says about its version: its first line.
///
/// # Errors
/// If there is no such compiler.
pub fn compiler_version(language: Language) -> Result<String, CompileError> {
    let (mut command, what) = match language {
        Language::C => (c::compiler()?.to_command(), "C compiler"),
        Language::Rust => (rust::compiler(), "Rust compiler"),
    };
    let output = command
        .env("LC_ALL", "C")
        .arg("--version")
        .output()
        .map_err(|source| CompileError::NoCompiler {
            what,
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// All that a compiler wrote.
fn tidy(finished: &Finished) -> String {
    let mut output = finished.stdout.clone();
    output.push_str(&finished.stderr);
    output
}

/// `siglab/` in cargo's target folder, or in the user's cache.
fn default_cache(root: Option<&Path>) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = match (target, root) {
        (Some(target), Some(root)) => Some(root.join(target)),
        (Some(target), None) => Some(target),
        (None, root) => root.map(|root| root.join("target")),
    };
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    target
        .or_else(|| env::var_os("XDG_CACHE_HOME").map(PathBuf::from))
        .or_else(home)
        .unwrap_or_else(env::temp_dir)
        .join("siglab")
}

/// A path that a compiler doesn't take for an option.
fn as_argument(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    }
}
