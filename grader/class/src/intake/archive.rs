//! Zip and tar archives, opened in memory and within bounds.
//!
//! Nothing is unpacked to a file system: what is needed becomes an entry of a tree. An
//! archive that could do harm if somebody unpacked it elsewhere (names that leave its
//! folder, links, devices) is refused as a whole, with the reason.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use flate2::read::GzDecoder;
use siglab_sandbox::regular;

use super::tree::{DEEPEST, Item, Tree, is_wanted};

/// The most files and folders in an archive.
const MOST_ENTRIES: usize = 2_000;
/// The most bytes that are unpacked, wanted or not: a tar archive has to be read through. Nor is
/// more read of the archive itself: packed bytes may stand for none at all.
const MOST_BYTES: u64 = 64 << 20;
/// The most bytes that are read of a zip archive to find out what it holds. All of that is kept
/// until it is known how many entries there are.
const MOST_IN_DIRECTORY: u64 = 4 << 20;
/// The longest name of a file, and of its path: those of Linux, with room for the folder.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 1_024;

/// The kinds of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar,
    TarGz,
}

impl Kind {
    /// By the ending of its name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name.ends_with(".zip") {
            Some(Self::Zip)
        } else if name.ends_with(".tar") {
            Some(Self::Tar)
        } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            Some(Self::TarGz)
        } else {
            None
        }
    }
}

/// Adds what the archive at `path` holds to `tree`, below `prefix`.
///
/// # Errors
/// Why the archive is refused, as a sentence without its name.
pub(crate) fn read(path: &Path, kind: Kind, prefix: &str, tree: &mut Tree) -> Result<(), String> {
    let file = regular::open_unlinked(path)
        .map_err(|error| format!("can't be opened: {}", crate::error::reason(&error)))?;
    match kind {
        Kind::Zip => read_zip(file, prefix, tree),
        Kind::Tar => read_tar(file, prefix, tree),
        Kind::TarGz => read_tar(
            GzDecoder::new(Bounded::new(file, MOST_BYTES).0),
            prefix,
            tree,
        ),
    }
}

fn damaged(error: impl std::fmt::Display) -> String {
    format!("can't be unpacked: {error}")
}

fn too_many() -> String {
    format!("holds more than {MOST_ENTRIES} files")
}

fn too_large() -> String {
    format!("unpacks to more than {} MiB", MOST_BYTES >> 20)
}

/// The parts of an entry's name, if they stay inside.
pub(super) fn parts(name: &str) -> Result<Vec<&str>, String> {
    let leaves = |part: &str| part == "..";
    let parts: Vec<&str> = name
        .split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let is_absolute = name.starts_with(['/', '\\']) || name.get(1..3) == Some(":\\");
    if is_absolute || parts.iter().copied().any(leaves) || name.contains('\0') {
        return Err(format!("holds `{name}`, a path that leads out of it"));
    }
    if name.len() > LONGEST_PATH || parts.iter().any(|part| part.len() > LONGEST_NAME) {
        let start: String = name.chars().take(40).collect();
        return Err(format!(
            "holds `{start}...`, a name that is too long for a file"
        ));
    }
    if parts.len() > DEEPEST + 1 {
        return Err(format!("has folders more than {DEEPEST} deep"));
    }
    Ok(parts)
}

/// Keeps an entry, if it is wanted; how many bytes were unpacked.
fn keep(
    name: &str,
    prefix: &str,
    content: &mut dyn Read,
    left: u64,
    tree: &mut Tree,
) -> Result<u64, String> {
    let parts = parts(name)?;
    let Some(path) = tree.place(prefix, &parts) else {
        return Ok(0);
    };
    if !is_wanted(&path) {
        tree.note(path);
        return Ok(0);
    }
    let item = Item::read(content, left).map_err(damaged)?;
    let size = item.size();
    tree.insert(path, item)?;
    Ok(size)
}

fn read_zip(file: File, prefix: &str, tree: &mut Tree) -> Result<(), String> {
    let (file, readable) = Bounded::new(file, MOST_IN_DIRECTORY);
    let mut archive = zip::ZipArchive::new(file).map_err(|error| match readable.get() {
        0 => format!("holds more than {MOST_ENTRIES} files, or is damaged"),
        _ => damaged(error),
    })?;
    if archive.len() > MOST_ENTRIES {
        return Err(too_many());
    }
    readable.set(MOST_BYTES);
    let mut left = MOST_BYTES;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        parts(&name)?;
        // The high half of a Unix mode's type: a link, a device, a FIFO.
        let format = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        if !matches!(format, 0 | 0o100_000 | 0o040_000) {
            return Err(format!("holds `{name}`, which is not a regular file"));
        }
        if entry.is_dir() {
            continue;
        }
        left = left
            .checked_sub(keep(&name, prefix, &mut entry, left, tree)?)
            .ok_or_else(too_large)?;
    }
    Ok(())
}

fn read_tar(stream: impl Read, prefix: &str, tree: &mut Tree) -> Result<(), String> {
    let mut archive = tar::Archive::new(Bounded::new(stream, MOST_BYTES).0);
    let mut count = 0;
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(tar_error)?;
        count += 1;
        if count > MOST_ENTRIES {
            return Err(too_many());
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        parts(&name)?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        if !(kind.is_file() || kind.is_contiguous()) {
            return Err(format!("holds `{name}`, which is not a regular file"));
        }
        keep(&name, prefix, &mut entry, MOST_BYTES, tree)?;
    }
    Ok(())
}

fn tar_error(error: io::Error) -> String {
    if error.kind() == io::ErrorKind::FileTooLarge {
        too_large()
    } else {
        damaged(error)
    }
}

/// A stream that fails when too much has been read from it.
struct Bounded<R> {
    stream: R,
    /// How many bytes may still be read: none once it has failed.
    left: Rc<Cell<u64>>,
}

impl<R> Bounded<R> {
    /// With what is left of it, which whoever has the stream no longer can change.
    fn new(stream: R, left: u64) -> (Self, Rc<Cell<u64>>) {
        let left = Rc::new(Cell::new(left));
        let bounded = Self {
            stream,
            left: Rc::clone(&left),
        };
        (bounded, left)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        let left = self.left.get().checked_sub(length as u64);
        self.left.set(left.unwrap_or(0));
        left.map(|_| length)
            .ok_or_else(|| io::ErrorKind::FileTooLarge.into())
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.stream.seek(to)
    }
}
