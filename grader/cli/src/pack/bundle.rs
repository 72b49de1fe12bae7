//! Files in memory, to be written to a folder or a zip file.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Cursor, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use siglab_sandbox::regular;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::exit;
use crate::failure::Failure;

/// Files by their paths, which are relative and have no `..` in them.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    files: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug)]
struct Entry {
    content: Vec<u8>,
    is_executable: bool,
}

impl Entry {
    fn mode(&self) -> u32 {
        if self.is_executable { 0o755 } else { 0o644 }
    }
}

impl Bundle {
    pub(super) fn add(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        self.insert(path.as_ref(), content.into(), false);
    }

    pub(super) fn add_program(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        self.insert(path.as_ref(), content.into(), true);
    }

    fn insert(&mut self, path: &Path, content: Vec<u8>, is_executable: bool) {
        let entry = Entry {
            content,
            is_executable,
        };
        self.files.insert(normal(path), entry);
    }

    /// Adds the file `from`.
    pub(super) fn copy(&mut self, from: &Path, to: impl AsRef<Path>) -> Result<(), Failure> {
        let content = regular::read(from, regular::MOST_TEXT)
            .map_err(|error| Failure::file("read", from, &error))?;
        self.add(to, content);
        Ok(())
    }

    /// Adds the regular files below the folder `from` whose relative path is `wanted`.
    /// Symbolic links aren't followed.
    pub(super) fn copy_tree(
        &mut self,
        from: &Path,
        to: &Path,
        wanted: &dyn Fn(&Path) -> bool,
    ) -> Result<(), Failure> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let here = from.join(&folder);
            let failure = |error| Failure::file("read", &here, &error);
            for entry in fs::read_dir(&here).map_err(failure)? {
                let entry = entry.map_err(failure)?;
                let path = folder.join(entry.file_name());
                if !wanted(&path) {
                    continue;
                }
                let kind = entry.file_type().map_err(failure)?;
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    self.copy(&from.join(&path), to.join(&path))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn contains(&self, path: impl AsRef<Path>) -> bool {
        self.files.contains_key(&normal(path.as_ref()))
    }

    /// Whether there is such a file, or a folder with files.
    pub(super) fn has(&self, path: &Path) -> bool {
        let path = normal(path);
        self.files.keys().any(|file| file.starts_with(&path))
    }

    /// Takes another bundle's files over, below `folder`.
    pub(super) fn extend(&mut self, folder: &str, other: Self) {
        for (path, entry) in other.files {
            self.files.insert(Path::new(folder).join(path), entry);
        }
    }

    /// Writes the files into the folder `dir`, which must not be there or be empty.
    pub(super) fn write_to(&self, dir: &Path) -> Result<(), Failure> {
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Failure::usage(format_args!(
                "{} is there already, and not empty",
                dir.display()
            )));
        }
        for (path, entry) in &self.files {
            let path = dir.join(path);
            let failure = |error| Failure::file("write", &path, &error);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failure)?;
            }
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(entry.mode())
                .open(&path)
                .and_then(|mut file| file.write_all(&entry.content))
                .map_err(failure)?;
        }
        Ok(())
    }

    /// A zip file; the same for the same files, whenever it is made.
    pub(super) fn zip(&self) -> Result<Vec<u8>, Failure> {
        let failure = |error: &dyn std::fmt::Display| {
            Failure::new(exit::INTERNAL, format_args!("can't make the zip: {error}"))
        };
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, entry) in &self.files {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(DateTime::default())
                .unix_permissions(entry.mode());
            let name = path.display().to_string();
            writer
                .start_file(name, options)
                .map_err(|error| failure(&error))?;
            writer
                .write_all(&entry.content)
                .map_err(|error| failure(&error))?;
        }
        let written = writer.finish().map_err(|error| failure(&error))?;
        Ok(written.into_inner())
    }
}

/// A path without `.` and, as far as that goes, without `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        let plain = |path: &str| normal(Path::new(path)).display().to_string();
        assert_eq!(plain("exercises/a/../../c-samples/./a.c"), "c-samples/a.c");
        assert_eq!(plain("../a"), "../a");
    }
}
