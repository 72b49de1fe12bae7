//! Builds submissions.

mod c;
mod process;
mod rust;
#[cfg(test)]
mod tests;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use siglab_engine::Cancel;
use siglab_sandbox::{Confinement, ResourceLimits, Sandbox, Temporary, Wants};

use crate::grade::GradeOptions;
use crate::lab::Lab;
use crate::manifest::{CBuild, Criterion, Manifest, Rule, RustBuild};
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
    /// The text after preprocessing, if it is C and the manifest asks what is unchanged.
    pub preprocessed: Option<String>,
    /// Where the program is, if that goes with this.
    _dir: Option<Temporary>,
}

impl Built {
    /// A program that somebody else has compiled, and sees to.
    pub(crate) fn elsewhere(program: PathBuf, preprocessed: Option<String>) -> Self {
        Self {
            program,
            output: String::new(),
            preprocessed,
            _dir: None,
        }
    }
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
    /// What compilers are confined by.
    sandbox: Option<Sandbox>,
    /// The folder for programs, if there is no sandbox.
    temporary: Option<PathBuf>,
}

/// Where one submission is compiled.
struct Job {
    /// The compiler's argument for the source.
    source: PathBuf,
    /// The compiler's argument for the program.
    program: PathBuf,
    /// For the compiler's temporary files, which are gone with it.
    temporary: PathBuf,
    confinement: Option<Arc<Confinement>>,
}

/// The largest program that is taken from a compiler in the sandbox, in bytes.
const LARGEST_PROGRAM: u64 = 256 << 20;

impl Workshop {
    /// For the submissions to `lab`. The libraries are kept in the options' cache, or in
    /// cargo's target folder.
    pub(crate) fn new(lab: &Lab, options: &GradeOptions) -> Self {
        Self::near(lab.dir(), options)
    }

    /// The same for what is at or below `dir`.
    pub(crate) fn near(dir: &Path, options: &GradeOptions) -> Self {
        let lock_file = lock_file(dir);
        let cache = cache(lock_file.as_deref(), options.cache.as_deref());
        Self {
            cache,
            lock_file,
            deadline: options.compile_deadline,
            cancel: options.cancel.clone(),
            sandbox: options.sandbox.clone(),
            temporary: options.temporary.clone(),
        }
    }

    /// Compiles `submission` as `manifest` says.
    pub(crate) fn compile(
        &self,
        submission: &Submission,
        manifest: &Manifest,
    ) -> Result<Compiled, CompileError> {
        let is_compared = |it: &Criterion| matches!(it.rule, Rule::Unchanged { .. });
        let wants_text = manifest.criteria.iter().any(is_compared);
        let (c, rust) = (&manifest.c, &manifest.rust);
        self.compile_as(submission, &manifest.id, c, rust, wants_text)
    }

    /// Compiles `submission` to a program of this name. `wants_text`: whether the text after
    /// preprocessing is asked for, too.
    pub(crate) fn compile_as(
        &self,
        submission: &Submission,
        name: &str,
        c: &CBuild,
        rust: &RustBuild,
        wants_text: bool,
    ) -> Result<Compiled, CompileError> {
        let dir = self.folder()?;
        let program = dir.path().join(name);
        let job = self.job(submission, dir.path(), &program, name)?;
        // First, so that it finds the folder as the compiler will find it.
        let preprocessed = match submission.language {
            Language::C if wants_text => c::preprocess(self, &job, c)?,
            _ => None,
        };
        let finished = match submission.language {
            Language::C => c::compile(self, &job, c)?,
            Language::Rust => rust::compile(self, &job, rust)?,
            // They stand for a program, which is compiled: see `Lab::compile`.
            Language::Predictions => {
                return Ok(Compiled::Failed {
                    output: "error: predictions can't be compiled\n".to_owned(),
                });
            }
        };
        let mut output = tidy(&finished);
        if let (Some(confinement), Ended::Success) = (&job.confinement, finished.ended)
            && let Err(error) = confinement.take(name, &program, LARGEST_PROGRAM)
        {
            output.push_str(&format!("error: the compiler made no program: {error}\n"));
            return Ok(Compiled::Failed { output });
        }
        match finished.ended {
            Ended::Cancelled => Err(CompileError::Cancelled),
            Ended::Success => Ok(Compiled::Built(Built {
                program,
                output,
                preprocessed,
                _dir: Some(dir),
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

    /// A folder for a program; in the sandbox's, where the program can be run.
    fn folder(&self) -> Result<Temporary, CompileError> {
        let parent = match &self.sandbox {
            Some(sandbox) => sandbox.folder().to_owned(),
            None => self.temporary.clone().unwrap_or_else(env::temp_dir),
        };
        let mut made = Temporary::new_in("", &parent);
        if self.sandbox.is_some() {
            // Whoever runs the program may be another user.
            made = made.and_then(|dir| dir.open_to_others(true).map(|()| dir));
        }
        made.map_err(|source| CompileError::Io {
            operation: "make a folder in",
            path: parent,
            source,
        })
    }

    /// In a sandbox, the compiler gets a copy of the source, and of what belongs to it, in a
    /// folder of its own.
    fn job(
        &self,
        submission: &Submission,
        dir: &Path,
        program: &Path,
        name: &str,
    ) -> Result<Job, CompileError> {
        let Some(sandbox) = &self.sandbox else {
            return Ok(Job {
                source: as_argument(&submission.path),
                program: program.to_owned(),
                temporary: dir.to_owned(),
                confinement: None,
            });
        };
        let refused = |source| CompileError::Io {
            operation: "prepare the sandbox in",
            path: sandbox.folder().to_owned(),
            source,
        };
        let memory = match submission.language {
            Language::C | Language::Predictions => 1 << 30,
            Language::Rust => 4 << 30,
        };
        let wants = Wants {
            read: Vec::new(),
            tools: submission.language == Language::Rust,
            limits: ResourceLimits {
                address_space: Some(memory),
                file_size: Some(LARGEST_PROGRAM),
                open_files: Some(1024),
                cpu_seconds: Some(self.deadline.as_secs().saturating_add(1)),
                processes: Some(256),
                ..ResourceLimits::default()
            },
        };
        let confinement = sandbox.begin(&wants).map_err(refused)?;
        let file = submission.path.file_name().unwrap_or_default();
        let file = PathBuf::from(file);
        for (name, content) in &submission.beside {
            confinement.put(name, content).map_err(refused)?;
        }
        confinement
            .put(&file.to_string_lossy(), submission.source.as_bytes())
            .map_err(refused)?;
        Ok(Job {
            source: as_argument(Path::new(&*file.to_string_lossy())),
            program: as_argument(Path::new(name)),
            temporary: confinement.working_directory(),
            confinement: Some(Arc::new(confinement)),
        })
    }

    /// Runs a compiler on a submission.
    fn compile_with(
        &self,
        job: &Job,
        command: &mut Command,
        what: &'static str,
        kept: usize,
    ) -> Result<Finished, CompileError> {
        if let Some(confinement) = &job.confinement {
            confinement.confine(command);
            // The rest may hold secrets, and a source file can ask for them.
            command.env_clear();
            command.env("HOME", &job.temporary);
            if let Some(path) = env::var_os("PATH") {
                command.env("PATH", path);
            }
        }
        command.env("LC_ALL", "C").env("TMPDIR", &job.temporary);
        self.run_keeping(command, what, kept)
    }

    fn run(&self, command: &mut Command, what: &'static str) -> Result<Finished, CompileError> {
        self.run_keeping(command, what, process::KEPT)
    }

    fn run_keeping(
        &self,
        command: &mut Command,
        what: &'static str,
        kept: usize,
    ) -> Result<Finished, CompileError> {
        process::run(command, self.deadline, &self.cancel, kept).map_err(|source| {
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
        Language::C | Language::Predictions => (c::compiler()?.to_command(), "C compiler"),
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

/// What compilers in a sandbox need to read besides the system's folders, for submissions
/// to `lab` in `language`: for [`siglab_sandbox::Config::tools`]. Makes the folder for
/// libraries, which has to be there when the sandbox is made.
///
/// # Errors
/// If Rust isn't there, or the folder can't be made.
pub fn compiler_folders(
    lab: &Lab,
    language: Language,
    options: &GradeOptions,
) -> Result<Vec<PathBuf>, CompileError> {
    if language == Language::C {
        return Ok(Vec::new());
    }
    let cache = cache(lock_file(lab.dir()).as_deref(), options.cache.as_deref());
    let made = match cache.is_dir() {
        true => Ok(()),
        false => std::fs::create_dir_all(&cache).and_then(|()| rust::open_to_all(&cache)),
    };
    made.map_err(|source| CompileError::Io {
        operation: "make",
        path: cache.clone(),
        source,
    })?;
    let cache = cache.canonicalize().unwrap_or(cache);
    Ok(vec![rust::sysroot()?, cache])
}

/// Builds the libraries that Rust submissions to `lab` may use, if they aren't there yet. It may
/// take a minute, once.
///
/// # Errors
/// If they can't be built.
pub fn prepare_libraries(lab: &Lab, options: &GradeOptions) -> Result<(), CompileError> {
    rust::prepare(&Workshop::new(lab, options), &lab.manifest.rust)
}

fn lock_file(dir: &Path) -> Option<PathBuf> {
    dir.ancestors()
        .map(|folder| folder.join("Cargo.lock"))
        .find(|file| file.is_file())
}

/// Where the libraries for Rust submissions are.
fn cache(lock_file: Option<&Path>, asked_for: Option<&Path>) -> PathBuf {
    let root = lock_file.and_then(Path::parent);
    let cache = asked_for.map_or_else(|| default_cache(root), Path::to_owned);
    // Links lead elsewhere in the sandbox.
    cache.canonicalize().unwrap_or(cache)
}

/// `siglab/` in cargo's target folder, or in the user's cache.
pub(crate) fn default_cache(root: Option<&Path>) -> PathBuf {
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
