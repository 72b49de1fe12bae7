//! Finding a program as a shell does.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use siglab_engine::Error;

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
