//! An archive of a whole class, as platforms hand it out, unpacked to a temporary folder.
//!
//! What students have packed themselves stays as it is; that is opened in memory, one submission
//! at a time: [`super::archive`].

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use siglab_sandbox::{Temporary, regular};

use super::archive::{Kind, parts};
use super::gradescope;
use crate::error::ClassError;

/// The most files and folders in an archive.
const MOST_ENTRIES: usize = 50_000;
/// The most bytes that are unpacked.
const MOST_BYTES: u64 = 1 << 30;

/// A folder of submissions, perhaps in an archive.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// What holds it, if it was unpacked.
    pub(crate) unpacked: Option<Temporary>,
}

/// Opens the folder at `path`, or unpacks the archive that is there.
///
/// # Errors
/// If it isn't there, or can't be unpacked.
pub(crate) fn open(path: &Path) -> Result<Opened, ClassError> {
    let read_error = |source| ClassError::Read {
        path: path.to_owned(),
        source,
    };
    let real = fs::canonicalize(path).map_err(read_error)?;
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let kind = match Kind::of(&name) {
        Some(kind) if !real.is_dir() => kind,
        _ => {
            return Ok(Opened {
                dir: real,
                unpacked: None,
            });
        }
    };
    let file = regular::open(&real).map_err(read_error)?;
    let folder = Temporary::new("submissions").map_err(|source| ClassError::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let done = match kind {
        Kind::Zip => zip(file, folder.path()),
        Kind::Tar => tar(file, folder.path()),
        Kind::TarGz => tar(GzDecoder::new(file), folder.path()),
    };
    done.map_err(|why| ClassError::Archive {
        path: path.to_owned(),
        why,
    })?;
    let dir = inner(folder.path()).map_err(read_error)?;
    Ok(Opened {
        dir,
        unpacked: Some(folder),
    })
}

/// Gradescope puts all that it exports into a folder.
fn inner(folder: &Path) -> io::Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    if let (Some(only), None) = (entries.next().transpose()?, entries.next())
        && only.path().join(gradescope::METADATA).is_file()
    {
        return Ok(only.path());
    }
    Ok(folder.to_owned())
}

fn damaged(error: impl std::fmt::Display) -> String {
    format!("can't be unpacked: {error}")
}

fn too_many() -> String {
    format!("can't be unpacked: it holds more than {MOST_ENTRIES} files")
}

fn zip(file: File, to: &Path) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(file).map_err(damaged)?;
    if archive.len() > MOST_ENTRIES {
        return Err(too_many());
    }
    let mut left = MOST_BYTES;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        // The high half of a Unix mode's type: a link, a device, a FIFO.
        let format = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        if !matches!(format, 0 | 0o100_000 | 0o040_000) {
            return Err(format!("holds `{name}`, which is not a regular file"));
        }
        if entry.is_dir() {
            place(to, &name, true)?;
        } else {
            write(to, &name, &mut entry, &mut left)?;
        }
    }
    Ok(())
}

fn tar(stream: impl Read, to: &Path) -> Result<(), String> {
    let mut archive = tar::Archive::new(stream);
    let mut left = MOST_BYTES;
    for (count, entry) in archive.entries().map_err(damaged)?.enumerate() {
        if count >= MOST_ENTRIES {
            return Err(too_many());
        }
        let mut entry = entry.map_err(damaged)?;
        // Before the next one is found, this one is read to its end.
        if entry.size() > left {
            return Err(too_large());
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        if kind.is_dir() {
            place(to, &name, true)?;
        } else if kind.is_file() || kind.is_contiguous() {
            write(to, &name, &mut entry, &mut left)?;
        } else {
            return Err(format!("holds `{name}`, which is not a regular file"));
        }
    }
    Ok(())
}

fn too_large() -> String {
    format!(
        "can't be unpacked: it holds more than {} MiB",
        MOST_BYTES >> 20
    )
}

/// Makes the folders that lead to `name`, and `name` itself if it is one; its path.
fn place(to: &Path, name: &str, is_folder: bool) -> Result<PathBuf, String> {
    let parts = parts(name)?;
    let path: PathBuf = to.join(parts.iter().collect::<PathBuf>());
    let folder = match (is_folder, path.parent()) {
        (false, Some(parent)) => parent,
        _ => path.as_path(),
    };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| unwritable(name, &error))?;
    Ok(path)
}

fn write(to: &Path, name: &str, content: &mut dyn Read, left: &mut u64) -> Result<(), String> {
    let path = place(to, name, false)?;
    // No link can be in the way: none was made.
    let mut file = File::create_new(&path).map_err(|error| unwritable(name, &error))?;
    let copied = io::copy(&mut content.take(*left + 1), &mut file);
    let copied = copied.map_err(|error| format!("holds `{name}`, which {}", damaged(error)))?;
    *left = left.checked_sub(copied).ok_or_else(too_large)?;
    Ok(())
}

fn unwritable(name: &str, error: &io::Error) -> String {
    format!(
        "holds `{name}`, which can't be written: {}",
        crate::error::reason(error)
    )
}
