//! What a student hands in: one C or Rust file, or a folder with one.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::lab::Lab;
use crate::result::Language;

/// A source file larger than this is refused: 1 MiB.
pub const MAX_SOURCE_BYTES: u64 = 1 << 20;

/// A file with this text in it is a starter that nobody has begun to work on.
pub const NOT_STARTED: &str = "siglab: not started";

/// A source file to be graded, read and found to be text.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The file.
    pub path: PathBuf,
    /// Its language, by its ending.
    pub language: Language,
    /// Its text.
    pub source: String,
}

impl Submission {
    /// Reads `path`: a `.c` or `.rs` file, or a folder that holds exactly one of
    /// `<lab>.c`, `<lab>.rs`, `main.c`, `main.rs` and `src/main.rs`.
    ///
    /// # Errors
    /// If there is no such file, it isn't a regular file, its ending is another, it is
    /// empty, larger than [`MAX_SOURCE_BYTES`] or not UTF-8, or the folder holds no such
    /// file or several. Nothing is read of a file that is too large, and a FIFO or a
    /// device isn't opened.
    pub fn open(path: &Path, lab: &str) -> Result<Self, SubmissionError> {
        let metadata = metadata(path)?;
        let path = if metadata.is_dir() {
            candidate(path, lab)?
        } else {
            path.to_owned()
        };
        let language = language(&path)?;
        let source = read(&path)?;
        Ok(Self {
            path,
            language,
            source,
        })
    }

    /// Whether it is a starter that nobody has begun to work on.
    #[must_use]
    pub fn not_started(&self) -> bool {
        self.source.contains(NOT_STARTED)
    }
}

impl Lab {
    /// Reads a submission to this lab: see [`Submission::open`].
    ///
    /// # Errors
    /// As [`Submission::open`].
    pub fn submission(&self, path: &Path) -> Result<Submission, SubmissionError> {
        Submission::open(path, self.id())
    }
}

/// Why a path isn't a submission.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// It can't be read, or isn't there.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a FIFO, a socket or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// Its ending tells no language.
    #[error("{}: a submission ends in .c or .rs", path.display())]
    Ending {
        /// Which.
        path: PathBuf,
    },
    /// It holds nothing.
    #[error("{} is empty", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It is larger than [`MAX_SOURCE_BYTES`].
    #[error("{} is larger than 1 MiB ({bytes} bytes); is that a source file?", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// How large, in bytes.
        bytes: u64,
    },
    /// It isn't text.
    #[error("{}, line {line}: not UTF-8", path.display())]
    NotUtf8 {
        /// Which.
        path: PathBuf,
        /// The first line with a byte that isn't UTF-8, from 1.
        line: usize,
    },
    /// A folder holds no file that could be meant.
    #[error("{} holds no submission; looked for {}", path.display(), looked_for.join(", "))]
    NoCandidate {
        /// The folder.
        path: PathBuf,
        /// The files looked for.
        looked_for: Vec<String>,
    },
    /// A folder holds several files that could be meant.
    #[error("{} holds several submissions ({}); name the file", path.display(), found.join(", "))]
    Ambiguous {
        /// The folder.
        path: PathBuf,
        /// The files.
        found: Vec<String>,
    },
}

fn metadata(path: &Path) -> Result<Metadata, SubmissionError> {
    std::fs::metadata(path).map_err(|source| SubmissionError::Read {
        path: path.to_owned(),
        source,
    })
}

fn candidate(folder: &Path, lab: &str) -> Result<PathBuf, SubmissionError> {
    let mut looked_for = vec![format!("{lab}.c"), format!("{lab}.rs")];
    for name in ["main.c", "main.rs", "src/main.rs"] {
        if !looked_for.iter().any(|other| other == name) {
            looked_for.push(name.to_owned());
        }
    }
    let mut found: Vec<String> = looked_for
        .iter()
        .filter(|name| folder.join(name).exists())
        .cloned()
        .collect();
    match found.len() {
        0 => Err(SubmissionError::NoCandidate {
            path: folder.to_owned(),
            looked_for,
        }),
        1 => Ok(folder.join(found.remove(0))),
        _ => Err(SubmissionError::Ambiguous {
            path: folder.to_owned(),
            found,
        }),
    }
}

fn language(path: &Path) -> Result<Language, SubmissionError> {
    Language::ALL
        .into_iter()
        .find(|language| {
            path.extension()
                .is_some_and(|it| it == language.extension())
        })
        .ok_or_else(|| SubmissionError::Ending {
            path: path.to_owned(),
        })
}

fn read(path: &Path) -> Result<String, SubmissionError> {
    let read_error = |source| SubmissionError::Read {
        path: path.to_owned(),
        source,
    };
    // Before opening it: opening a FIFO waits for its other end.
    if !metadata(path)?.is_file() {
        return Err(SubmissionError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(read_error)?;
    let bytes = file.metadata().map_err(read_error)?.len();
    let too_large = |bytes| SubmissionError::TooLarge {
        path: path.to_owned(),
        bytes,
    };
    if bytes > MAX_SOURCE_BYTES {
        return Err(too_large(bytes));
    }
    let mut content = Vec::new();
    file.take(MAX_SOURCE_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(read_error)?;
    if content.len() as u64 > MAX_SOURCE_BYTES {
        return Err(too_large(content.len() as u64));
    }
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(SubmissionError::Empty {
            path: path.to_owned(),
        });
    }
    String::from_utf8(content).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        SubmissionError::NotUtf8 {
            path: path.to_owned(),
            line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
        }
    })
}
