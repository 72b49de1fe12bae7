//! The files of one submission, however they were packed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use siglab_lab::MAX_SOURCE_BYTES;
use siglab_sandbox::regular;

use super::archive;
use super::layout::is_litter;

/// The deepest folder that is looked into.
pub(super) const DEEPEST: usize = 12;
/// The most files and folders of a submission that are looked at.
const MOST_FILES: usize = 5_000;
/// The most bytes of source files that a submission may have.
const MOST_BYTES: u64 = 16 << 20;
/// How many names of other files are remembered, for messages.
const NOTED: usize = 5;

/// One source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Its content.
    Content(Vec<u8>),
    /// It is larger than a source file may be.
    TooLarge,
}

impl Item {
    /// Reads at most what a source file may have, and at most `left` bytes.
    pub(crate) fn read(content: &mut dyn Read, left: u64) -> io::Result<Self> {
        let limit = MAX_SOURCE_BYTES.min(left);
        let mut bytes = Vec::new();
        content.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(if bytes.len() as u64 > limit {
            Self::TooLarge
        } else {
            Self::Content(bytes)
        })
    }

    /// How many bytes were read of it.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Content(bytes) => bytes.len() as u64,
            Self::TooLarge => MAX_SOURCE_BYTES + 1,
        }
    }
}

/// Source files by their paths, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, Item>,
    /// The names of some of the other files.
    pub(crate) others: Vec<String>,
    bytes: u64,
    seen: usize,
}

/// Whether a file matters: sources and headers, predictions, and what makes a folder a Cargo
/// package.
pub(crate) fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "c" | "h" | "rs" | "toml")
}

impl Tree {
    /// The path of what has these parts below `prefix`; nothing if it is litter, or what a
    /// build left behind.
    pub(crate) fn place(&self, prefix: &str, parts: &[&str]) -> Option<String> {
        let (name, folders) = parts.split_last()?;
        if is_litter(name) || folders.iter().any(|it| is_litter(it) || *it == "target") {
            return None;
        }
        let path = parts.join("/");
        Some(if prefix.is_empty() {
            path
        } else {
            format!("{prefix}/{path}")
        })
    }

    /// Adds a source file.
    ///
    /// # Errors
    /// If there are too many bytes of them, or a file has the name of a folder: an archive may
    /// hold both.
    pub(crate) fn insert(&mut self, path: String, item: Item) -> Result<(), String> {
        let within = format!("{path}/");
        let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        let mut below = self.files.range(within.clone()..);
        if below.next().is_some_and(|(it, _)| it.starts_with(&within))
            || folders.any(|it| self.files.contains_key(it))
        {
            return Err(format!("{path} is in a folder that is a file, too"));
        }
        self.bytes += item.size();
        self.files.insert(path, item);
        if self.bytes > MOST_BYTES {
            return Err(format!(
                "there are more than {} MiB of source files",
                MOST_BYTES >> 20
            ));
        }
        Ok(())
    }

    /// Remembers that there is another file.
    pub(crate) fn note(&mut self, path: String) {
        if self.others.len() < NOTED {
            self.others.push(path);
        }
    }

    /// Adds the file or folder at `path`, which was handed in under `name`.
    ///
    /// # Errors
    /// Why what was handed in is refused.
    pub(crate) fn add(&mut self, path: &Path, name: &str) -> Result<(), String> {
        self.add_below(path, "", name, 0)
    }

    fn add_below(
        &mut self,
        path: &Path,
        prefix: &str,
        name: &str,
        depth: usize,
    ) -> Result<(), String> {
        let shown = |name: &str| match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let unreadable = |error: io::Error| {
            let reason = crate::error::reason(&error);
            format!("{} can't be read: {reason}", shown(name))
        };
        self.seen += 1;
        if self.seen > MOST_FILES {
            return Err(format!("there are more than {MOST_FILES} files"));
        }
        // A link could lead anywhere: to a solution, or to another student's file.
        let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
        if metadata.is_symlink() {
            return Err(format!("{} is a symbolic link", shown(name)));
        }
        if metadata.is_dir() {
            if depth >= DEEPEST {
                return Err(format!("folders are more than {DEEPEST} deep"));
            }
            // What was handed in is a folder: its own name says nothing.
            let prefix = if depth == 0 {
                String::new()
            } else {
                shown(name)
            };
            return self
                .add_folder(path, &prefix, depth)
                .map_err(|error| match error {
                    Ok(reason) => reason,
                    Err(error) => unreadable(error),
                });
        }
        let Some(place) = self.place(prefix, &[name]) else {
            return Ok(());
        };
        if let Some(kind) = archive::Kind::of(name) {
            if !metadata.is_file() {
                return Err(format!("{} is not a regular file", shown(name)));
            }
            return archive::read(path, kind, prefix, self)
                .map_err(|reason| format!("{} {reason}", shown(name)));
        }
        if !is_wanted(name) {
            self.note(place);
            return Ok(());
        }
        if !metadata.is_file() {
            return Err(format!("{} is not a regular file", shown(name)));
        }
        let item = if metadata.len() > MAX_SOURCE_BYTES {
            Item::TooLarge
        } else {
            let mut file = regular::open_unlinked(path).map_err(unreadable)?;
            Item::read(&mut file, MAX_SOURCE_BYTES).map_err(unreadable)?
        };
        self.insert(place, item)
    }

    fn add_folder(
        &mut self,
        path: &Path,
        prefix: &str,
        depth: usize,
    ) -> Result<(), Result<String, io::Error>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(Err)? {
            let name = entry.map_err(Err)?.file_name();
            entries.push(name);
            if entries.len() > MOST_FILES {
                return Err(Ok(format!("there are more than {MOST_FILES} files")));
            }
        }
        entries.sort();
        for name in entries {
            let shown = name.to_string_lossy();
            if is_litter(&shown) || (depth > 0 && shown == "target") {
                continue;
            }
            self.add_below(&path.join(&name), prefix, &shown, depth + 1)
                .map_err(Ok)?;
        }
        Ok(())
    }
}
