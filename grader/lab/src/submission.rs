//! What a student hands in: one C or Rust file, or a folder with one.

mod folder;

use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

use crate::lab::Lab;
use crate::result::Language;

/// A source file larger than this is refused: 1 MiB.
pub const MAX_SOURCE_BYTES: u64 = 1 << 20;

/// What predictions are called in a folder that is handed in.
pub const PREDICTIONS: &str = "predictions.toml";

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
    /// Headers and modules that belong to it: paths relative to its folder, and their
    /// content. A compiler in a sandbox sees them and nothing else of that folder.
    pub beside: Vec<(String, Vec<u8>)>,
}

impl Submission {
    /// Reads `path`: a `.c` or `.rs` file, predictions, or a folder in which [`pick`] finds one. Of a folder
    /// also what belongs to the file is read; beside a file that is named, nothing is.
    ///
    /// # Errors
    /// If there is no such file, it isn't a regular file, its ending is another, it is
    /// empty, larger than [`MAX_SOURCE_BYTES`] or not UTF-8, or the folder holds no such
    /// file or several. Nothing is read of a file that is too large, and a FIFO or a
    /// device isn't opened.
    pub fn open<'a>(path: &Path, wanted: impl Into<Wanted<'a>>) -> Result<Self, SubmissionError> {
        if metadata(path)?.is_dir() {
            return folder::open(path, wanted.into());
        }
        Ok(Self {
            path: path.to_owned(),
            language: language(path)?,
            source: read(path)?,
            beside: Vec::new(),
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
        Submission::open(path, self)
    }
}

/// What is looked for in what was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The lab's id.
    pub lab: &'a str,
    /// Whether predictions are wanted rather than a program.
    pub predictions: bool,
}

impl<'a> From<&'a Lab> for Wanted<'a> {
    fn from(lab: &'a Lab) -> Self {
        Self {
            lab: lab.id(),
            predictions: lab.manifest.handed_in().contains(&Language::Predictions),
        }
    }
}

/// A program for the lab with this id.
impl<'a> From<&'a str> for Wanted<'a> {
    fn from(lab: &'a str) -> Self {
        Self {
            lab,
            predictions: false,
        }
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
    #[error("{}: a submission ends in .c or .rs, or is predictions.toml", path.display())]
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
    #[error(
        "{} holds no submission; looked for {}, or any one {endings} file",
        path.display(),
        looked_for.join(", ")
    )]
    NoCandidate {
        /// The folder.
        path: PathBuf,
        /// The files looked for.
        looked_for: Vec<String>,
        /// What any other file would have ended in.
        endings: &'static str,
    },
    /// There is more in a folder than anybody hands in.
    #[error("{} holds {what}", path.display())]
    TooMuch {
        /// The folder.
        path: PathBuf,
        /// How much.
        what: String,
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

/// What files in TOML are called that are no predictions: those of Cargo's tools, and a lab's.
const NO_PREDICTIONS: [&str; 5] = [
    "Cargo.toml",
    "clippy.toml",
    "lab.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

/// Which of these files is meant. Of programs the one named like the lab, or else the one named
/// `main`, or else the only one; of predictions the one named [`PREDICTIONS`], or else the only one.
/// Paths have `/` between their parts. What the lab doesn't ask for is taken if there is nothing
/// else.
///
/// # Errors
/// Those that could be meant, if these are several or none.
pub fn pick<'a, 'w>(
    paths: &[&'a str],
    wanted: impl Into<Wanted<'w>>,
) -> Result<&'a str, Vec<&'a str>> {
    let Wanted { lab, predictions } = wanted.into();
    let ending = |endings: &[&str]| -> Vec<&'a str> {
        let has = |path: &&str| endings.iter().any(|it| path.ends_with(it));
        paths.iter().copied().filter(has).collect()
    };
    let sources = ending(&[".c", ".rs"]);
    let named = |stem: &str| -> Vec<&'a str> {
        let is_named = |path: &&str| Path::new(path).file_stem().is_some_and(|it| it == stem);
        sources.iter().copied().filter(is_named).collect()
    };
    let programs = [named(lab), named("main"), sources.clone()];
    let ends_with = |path: &str, name: &str| Path::new(path).ends_with(name);
    let mut tables = ending(&[".toml"]);
    tables.retain(|path| !NO_PREDICTIONS.iter().any(|name| ends_with(path, name)));
    let mut usual = tables.clone();
    usual.retain(|path| ends_with(path, PREDICTIONS));
    let found = if predictions {
        [vec![usual, tables], programs.to_vec()].concat()
    } else {
        [programs.to_vec(), vec![usual]].concat()
    };
    let found = found.into_iter().find(|found| !found.is_empty());
    match found.unwrap_or_default()[..] {
        [one] => Ok(one),
        ref others => Err(others.to_vec()),
    }
}

fn language(path: &Path) -> Result<Language, SubmissionError> {
    Language::HANDED_IN
        .into_iter()
        .find(|language| {
            path.extension()
                .is_some_and(|it| it == language.extension())
        })
        .ok_or_else(|| SubmissionError::Ending {
            path: path.to_owned(),
        })
}

/// The text of a file that may be a program.
pub(crate) fn read(path: &Path) -> Result<String, SubmissionError> {
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
    let file = regular::open(path).map_err(read_error)?;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;

    use super::{MAX_SOURCE_BYTES, Submission};
    use crate::result::Language;

    /// What is said about `name` in `dir`.
    fn open(dir: &Path, name: &str) -> String {
        match Submission::open(&dir.join(name), "lab") {
            Ok(submission) => {
                let path = submission
                    .path
                    .strip_prefix(dir)
                    .expect("it is in the folder");
                format!("{} {}", submission.language, path.display())
            }
            Err(error) => error.to_string().replace(&dir.display().to_string(), "DIR"),
        }
    }

    #[test]
    fn files() {
        let dir = TempDir::new().expect("there is room");
        let dir = dir.path();
        let write =
            |name: &str, content: &[u8]| fs::write(dir.join(name), content).expect("there is room");
        write("a.c", b"int main(void) { }");
        write("a.rs", b"fn main() { }");
        write("a.py", b"pass");
        write("empty.c", b"  \n");
        write("latin1.c", b"int\nmain; // \xe9\n");
        fs::File::create(dir.join("large.c"))
            .and_then(|file| file.set_len(100 << 20))
            .expect("holes take no room");
        mkfifo(&dir.join("fifo.c"), Mode::S_IRWXU).expect("FIFOs can be made");
        fs::create_dir(dir.join("folder.c")).expect("there is room");
        for (name, said) in [
            ("a.c", "c a.c"),
            ("a.rs", "rust a.rs"),
            (
                "a.py",
                "DIR/a.py: a submission ends in .c or .rs, or is predictions.toml",
            ),
            (
                "no.c",
                "can't read DIR/no.c: No such file or directory (os error 2)",
            ),
            ("empty.c", "DIR/empty.c is empty"),
            ("latin1.c", "DIR/latin1.c, line 2: not UTF-8"),
            (
                "large.c",
                "DIR/large.c is larger than 1 MiB (104857600 bytes); is that a source file?",
            ),
            ("fifo.c", "DIR/fifo.c is not a regular file"),
            (
                "folder.c",
                "DIR/folder.c holds no submission; looked for lab.c, lab.rs, main.c, main.rs, or any one .c or .rs file",
            ),
        ] {
            assert_eq!(open(dir, name), said);
        }
        let limit = usize::try_from(MAX_SOURCE_BYTES).expect("it is small");
        write("full.c", &vec![b'x'; limit]);
        assert_eq!(open(dir, "full.c"), "c full.c");
        assert_eq!(
            Submission::open(Path::new("/dev/null"), "lab")
                .expect_err("a device")
                .to_string(),
            "/dev/null: a submission ends in .c or .rs, or is predictions.toml"
        );
    }

    #[test]
    fn folders() {
        let dir = TempDir::new().expect("there is room");
        let dir = dir.path();
        let folder = |name: &str, files: &[&str]| {
            for file in files {
                let path = dir.join(name).join(file);
                let parent = path.parent().expect("it is in a folder");
                fs::create_dir_all(parent).expect("there is room");
                fs::write(path, "x").expect("there is room");
            }
        };
        folder("one", &["lab.c", "notes.txt"]);
        folder("cargo", &["src/main.rs", "Cargo.toml"]);
        folder("two", &["lab.c", "main.rs"]);
        folder("other", &["homework 1.c", "notes.txt", "help.h"]);
        folder(
            "below",
            &["exercise/week 3/solution.rs", ".git/lab.c", "target/lab.rs"],
        );
        folder("several", &["a.c", "b/c.c", "b/c.h"]);
        folder("mac", &["__MACOSX/lab.c", "._lab.c", "a.c"]);
        for (name, said) in [
            ("one", "c one/lab.c"),
            ("cargo", "rust cargo/src/main.rs"),
            ("two", "c two/lab.c"),
            ("other", "c other/homework 1.c"),
            ("below", "rust below/exercise/week 3/solution.rs"),
            ("mac", "c mac/a.c"),
            (
                "several",
                "DIR/several holds several submissions (a.c, b/c.c); name the file",
            ),
        ] {
            assert_eq!(open(dir, name), said);
        }
    }

    /// What belongs to the file comes along, by where it is from there; nothing else does.
    #[test]
    fn headers_belong_to_the_file() {
        let dir = TempDir::new().expect("there is room");
        let write = |name: &str, content: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("there is room");
            fs::write(path, content).expect("there is room");
        };
        write("src/lab.c", "x");
        write("src/help.h", "help");
        write("src/deep/more.h", "more");
        write("other.h", "other");
        write("src/secret.txt", "secret");
        let submission = Submission::open(dir.path(), "lab").expect("there is one");
        let expected = [("deep/more.h", "more"), ("help.h", "help")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        assert_eq!(submission.beside, expected);
    }

    /// It could lead to a solution, or to what only root may read.
    #[test]
    fn links_in_folders_are_not_followed() {
        let dir = TempDir::new().expect("there is room");
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).expect("there is room");
        fs::write(dir.path().join("lab.c"), "x").expect("there is room");
        std::os::unix::fs::symlink("../lab.c", folder.join("lab.c")).expect("a link");
        assert_eq!(
            open(dir.path(), "folder"),
            "DIR/folder/lab.c is not a regular file"
        );
        std::os::unix::fs::symlink("../..", folder.join("up")).expect("a link");
        fs::remove_file(folder.join("lab.c")).expect("it is there");
        assert!(open(dir.path(), "folder").contains("holds no submission"));
    }

    #[test]
    fn starters_are_known_by_their_marker() {
        let mut submission = Submission {
            path: "a.c".into(),
            language: Language::C,
            source: "// siglab: not started\nint main(void) { }".into(),
            beside: Vec::new(),
        };
        assert!(submission.not_started());
        submission.source = "int main(void) { }".into();
        assert!(!submission.not_started());
    }
}
