//! Files that are never half-written.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A file to be written later, in one go: it has its old content, or none, until all of
/// the new content is there.
#[derive(Debug)]
pub(crate) struct Target {
    /// As the user wrote it.
    path: PathBuf,
    /// The file itself, if `path` is a symbolic link.
    file: PathBuf,
    /// Its permissions, if it exists.
    permissions: Option<Permissions>,
    /// Whether it is a device or a pipe, which can't be replaced.
    is_special: bool,
}

impl Target {
    /// Makes sure, before any work is done, that the file can be written.
    ///
    /// # Errors
    /// If its folder isn't there or can't be written to, or it is a folder itself.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        let failure = |error: io::Error| Failure::file("write", path, &error);
        let target = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(failure(io::ErrorKind::IsADirectory.into()));
            }
            Ok(metadata) => Self {
                path: path.to_owned(),
                file: fs::canonicalize(path).map_err(failure)?,
                permissions: Some(metadata.permissions()),
                is_special: !metadata.is_file(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self {
                path: path.to_owned(),
                file: path.to_owned(),
                permissions: None,
                is_special: false,
            },
            Err(error) => return Err(failure(error)),
        };
        if path.file_name().is_none() {
            return Err(failure(io::ErrorKind::IsADirectory.into()));
        }
        if !target.is_special {
            // A file made and removed at once is the one test that asks the kernel.
            target.temporary().map_err(failure)?;
        }
        Ok(target)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If that fails; the file then is as it was.
    pub(crate) fn write(&self, content: &[u8]) -> Result<(), Failure> {
        self.try_write(content)
            .map_err(|error| Failure::file("write", &self.path, &error))
    }

    fn try_write(&self, content: &[u8]) -> io::Result<()> {
        if self.is_special {
            return File::options()
                .write(true)
                .open(&self.file)?
                .write_all(content);
        }
        let mut temporary = self.temporary()?;
        temporary.write_all(content)?;
        temporary.as_file().sync_data()?;
        temporary.persist(&self.file)?;
        Ok(())
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        let folder = match self.file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let permissions = self
            .permissions
            .clone()
            .unwrap_or_else(|| Permissions::from_mode(0o666));
        let file = tempfile::Builder::new()
            .prefix(".siglab-")
            .permissions(permissions)
            .tempfile_in(folder);
        // The temporary name means nothing to anyone: only the reason does.
        file.map_err(|error| {
            let text = error.to_string();
            let reason = text.split(" at path ").next().unwrap_or(&text);
            io::Error::new(error.kind(), reason)
        })
    }
}
