//! Programs that are built as a lab builds submissions, to be run by hand.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

use crate::compile::{CompileError, Compiled, Workshop, default_cache};
use crate::grade::{GradeError, GradeOptions};
use crate::lab::{Lab, Labs, MANIFEST};
use crate::manifest::{CBuild, RustBuild};
use crate::submission::Submission;

/// A program built from a source file. It is removed when this is dropped.
#[derive(Debug)]
pub struct BuiltProgram {
    /// The source file.
    pub source: PathBuf,
    /// The program.
    pub path: PathBuf,
    /// What the compiler wrote: warnings.
    pub warnings: String,
    _compiled: Compiled,
}

/// What building a program gave.
#[derive(Debug)]
pub enum Build {
    /// A program.
    Built(BuiltProgram),
    /// It doesn't compile.
    Failed {
        /// The source file.
        source: PathBuf,
        /// What the compiler wrote.
        output: String,
    },
}

impl Labs {
    /// The lab whose folder, below the nearest `exercises/`, `path` is in; none if it is
    /// elsewhere.
    ///
    /// # Errors
    /// If the lab's manifest can't be read.
    pub fn lab_of(path: &Path) -> Result<Option<Lab>, crate::LabError> {
        let Ok(path) = path.canonicalize() else {
            return Ok(None);
        };
        let within = path.ancestors().find(|folder| {
            let parent = folder.parent().and_then(Path::file_name);
            parent.is_some_and(|name| name == crate::EXERCISES) && folder.join(MANIFEST).is_file()
        });
        within.map(Lab::load).transpose()
    }
}

/// Builds `path`, a source file or a folder with one, as `lab` builds submissions; without a lab
/// as one does whose manifest says nothing about that.
///
/// # Errors
/// If it is no source file, or there is no compiler.
pub fn build(lab: Option<&Lab>, path: &Path, options: &GradeOptions) -> Result<Build, GradeError> {
    // What is looked for in a folder.
    let name = match (lab, path.file_name()) {
        (Some(lab), _) => lab.id().to_owned(),
        (None, Some(name)) => name.to_string_lossy().into_owned(),
        (None, None) => "main".to_owned(),
    };
    let submission = Submission::open(path, name.as_str())?;
    let (c, rust) = match lab {
        Some(lab) => (lab.manifest.c.clone(), lab.manifest.rust.clone()),
        None => (CBuild::default(), RustBuild::default()),
    };
    let near = match lab {
        Some(lab) => lab.dir().to_owned(),
        None => submission.path.canonicalize().unwrap_or_default(),
    };
    let stem = submission.path.file_stem().unwrap_or_default();
    let workshop = Workshop::near(&near, options);
    let compiled = workshop.compile_as(&submission, &stem.to_string_lossy(), &c, &rust, false)?;
    let source = submission.path;
    Ok(match compiled {
        Compiled::Failed { output } => Build::Failed { source, output },
        Compiled::Built(ref built) => Build::Built(BuiltProgram {
            source,
            path: built.program.clone(),
            warnings: built.output.clone(),
            _compiled: compiled,
        }),
    })
}

impl BuiltProgram {
    /// Puts a copy of the program where it stays, in the folder of what siglab builds once: under
    /// a name made of its content, so that it is the same one as long as it is there.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn keep(&self, lab: Option<&Lab>) -> Result<PathBuf, GradeError> {
        let content = regular::read(&self.path, regular::MOST_PROGRAM);
        let cache = default_cache(lab.and_then(|lab| lab.dir().ancestors().nth(2)));
        let kept = content.and_then(|content| {
            let hash = content
                .iter()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
                });
            let folder = std::path::absolute(&cache)?.join(format!("programs/{hash:016x}"));
            fs::create_dir_all(&folder)?;
            let to = folder.join(self.path.file_name().unwrap_or_default());
            if !to.exists() {
                let mode = fs::metadata(&self.path)?.permissions().mode();
                regular::replace(&to, &content, mode & 0o777)?;
            }
            io::Result::Ok(to)
        });
        let error = |source| CompileError::Io {
            operation: "keep the program in",
            path: cache.clone(),
            source,
        };
        Ok(kept.map_err(error)?)
    }
}
