//! Finding a program as a shell does, or building it as a lab does.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use siglab_engine::{Cancel, Error};
use siglab_lab::{Build, BuiltProgram, GradeOptions, Lab, Labs, Submission, SubmissionError};

use crate::args::BuildAs;
use crate::failure::Failure;
use crate::progress::Waiting;
use crate::{command, interrupt, output};

/// A program to run.
#[derive(Debug)]
pub(crate) struct Program {
    /// The file.
    pub(crate) path: PathBuf,
    /// The name by which it is started.
    pub(crate) name: OsString,
    /// Where it was built, if it was.
    built: Option<(BuiltProgram, Option<Lab>)>,
}

impl Program {
    /// The source file, if it was built from one.
    pub(crate) fn source(&self) -> Option<&Path> {
        self.built.as_ref().map(|(built, _)| built.source.as_path())
    }

    /// Where the program is as long as somebody may want to see a run of it again.
    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        if let Some((built, lab)) = &self.built {
            self.path = built.keep(lab.as_ref())?;
        }
        Ok(())
    }
}

/// The program that `name` means: one that is there, or one that is built from a source file or a
/// folder with one.
///
/// # Errors
/// If there is none, which `failure` puts into words, or it doesn't compile.
pub(crate) fn find_or_build(
    name: &OsStr,
    how: &BuildAs,
    cancel: &Cancel,
    failure: fn(Error) -> Failure,
) -> Result<Program, Failure> {
    let path = Path::new(name);
    if !is_source(path) {
        let path = find(name, std::env::var_os("PATH").as_deref()).map_err(failure)?;
        let name = name.to_owned();
        return Ok(Program {
            path,
            name,
            built: None,
        });
    }
    let lab = match &how.lab {
        Some(id) => Some(command::find_labs(&how.labs)?.find(id)?),
        None => Labs::lab_of(path)?,
    };
    let options = GradeOptions {
        cancel: cancel.clone(),
        ..GradeOptions::default()
    };
    let waiting = Waiting::new(&format!("building {}", path.display()));
    let build = siglab_lab::build(lab.as_ref(), path, &options);
    drop(waiting);
    if let Some(signal) = interrupt::received() {
        return Err(Failure::interrupted(signal));
    }
    match build? {
        Build::Built(built) => {
            if !built.warnings.trim().is_empty() {
                output::tell(siglab_report::escape_lines(built.warnings.trim_end()));
            }
            Ok(Program {
                path: built.path.clone(),
                name: built.path.file_name().unwrap_or_default().to_owned(),
                built: Some((built, lab)),
            })
        }
        Build::Failed { source, output } => {
            output::tell(siglab_report::escape_lines(output.trim_end()));
            let source = source.display();
            Err(Failure::usage(format_args!("{source} doesn't compile")))
        }
    }
}

/// Whether a path is that of a source file, or of a folder that holds some. A script may end in
/// .rs, too, and can be executed.
fn is_source(path: &Path) -> bool {
    if path.is_dir() {
        let nothing = |error: &SubmissionError| {
            use SubmissionError::{NoCandidate, Read, TooMuch};
            matches!(error, NoCandidate { .. } | TooMuch { .. } | Read { .. })
        };
        return !Submission::open(path, "main").is_err_and(|error| nothing(&error));
    }
    let ends = path.extension().is_some_and(|it| it == "c" || it == "rs");
    ends && is_executable(path) == Some(false)
}

/// The file that `name` means: itself if it has a slash, otherwise the first executable
/// file of that name in `search`, the value of `PATH`.
///
/// # Errors
/// If there is none: [`Error::Exec`].
pub(crate) fn find(name: &OsStr, search: Option<&OsStr>) -> Result<PathBuf, Error> {
    let error = |kind: io::ErrorKind, why: &str| Error::Exec {
        program: PathBuf::from(name),
        source: io::Error::new(kind, why),
    };
    if name.is_empty() {
        return Err(error(io::ErrorKind::NotFound, "its name is empty"));
    }
    if name.as_encoded_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    // What execvp(3) takes if there is no PATH.
    let search = search.unwrap_or(OsStr::new("/bin:/usr/bin"));
    let mut denied = false;
    for folder in std::env::split_paths(search) {
        // An empty entry is the current folder.
        let file = Path::new(".").join(folder).join(name);
        match is_executable(&file) {
            Some(true) => return Ok(file),
            Some(false) => denied = true,
            None => {}
        }
    }
    Err(if denied {
        error(
            io::ErrorKind::PermissionDenied,
            "found in PATH, but not executable",
        )
    } else {
        error(io::ErrorKind::NotFound, "not found in PATH")
    })
}

/// Whether a file can be executed; nothing if it isn't there.
fn is_executable(file: &Path) -> Option<bool> {
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some(metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_as_a_shell_does() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (good, plain) = (folder.path().join("good"), folder.path().join("plain"));
        for (file, mode) in [(&good, 0o755), (&plain, 0o644)] {
            std::fs::write(file, "").expect("writable");
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("ours");
        }
        let search = std::env::join_paths([Path::new("/nowhere"), folder.path()]).expect("a PATH");
        let find = |name: &str| find(OsStr::new(name), Some(&search));
        assert_eq!(find("good").expect("it is there"), good);
        assert_eq!(find("./x").expect("not looked up"), Path::new("./x"));
        for (name, kind) in [
            ("plain", io::ErrorKind::PermissionDenied),
            ("other", io::ErrorKind::NotFound),
            ("", io::ErrorKind::NotFound),
        ] {
            match find(name) {
                Err(Error::Exec { source, .. }) => assert_eq!(source.kind(), kind, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
