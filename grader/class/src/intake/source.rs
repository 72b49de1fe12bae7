//! What of a submission is compiled.

use std::io;
use std::path::{Path, PathBuf};

use siglab_lab::{Language, MAX_SOURCE_BYTES};
use tempfile::TempDir;

use super::Entry;
use super::tree::{Item, Tree};
use crate::keys;

/// What of a submission is compiled, in a form in which equal submissions are equal: line
/// ends are `\n`, there is no byte order mark, and the file's own name is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its language.
    pub language: Language,
    /// The text of the file that is compiled.
    pub main: String,
    /// Headers and modules beside it: paths relative to its folder, and their content.
    pub beside: Vec<(String, Vec<u8>)>,
}

/// Why a submission isn't something that can be compiled, in words for who handed it in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Source {
    /// Reads what `entry` stands for, as a submission to the lab with this id.
    ///
    /// # Errors
    /// If there is nothing that could be compiled, or several files that could be meant, or
    /// what is there can't be read, is too large or isn't text.
    pub fn read(entry: &Entry, lab: &str) -> Result<Self, Refusal> {
        let mut tree = Tree::default();
        for (path, name) in &entry.files {
            tree.add(path, name).map_err(Refusal)?;
        }
        Self::choose(&tree, lab)
    }

    /// Picks the file that is compiled, and what belongs to it.
    fn choose(tree: &Tree, lab: &str) -> Result<Self, Refusal> {
        let path = main(tree, lab)?;
        let content = match &tree.files[path] {
            Item::Content(content) => content,
            Item::TooLarge => {
                return Err(Refusal(format!(
                    "{path} is larger than {} MiB; is that a source file?",
                    MAX_SOURCE_BYTES >> 20
                )));
            }
        };
        let main = text(path, content)?;
        let language = if path.ends_with(".c") {
            Language::C
        } else {
            Language::Rust
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = match language {
            Language::C => ".h",
            Language::Rust => ".rs",
        };
        let beside = tree
            .files
            .iter()
            .filter(|(other, _)| other.as_str() != path && other.ends_with(wanted))
            .filter_map(|(other, item)| match (below(folder, other), item) {
                (Some(name), Item::Content(content)) => Some((name.to_owned(), content.clone())),
                _ => None,
            })
            .collect();
        Ok(Self {
            language,
            main,
            beside,
        })
    }

    /// The hash of its content.
    #[must_use]
    pub fn hash(&self) -> String {
        let language = self.language.to_string();
        let head = [language.as_bytes(), self.main.as_bytes()];
        let beside = self.beside.iter();
        let beside = beside.flat_map(|(name, content)| [name.as_bytes(), content.as_slice()]);
        keys::hex(head.into_iter().chain(beside))
    }

    /// Writes it to a folder of its own; the file to compile.
    ///
    /// # Errors
    /// If there is no room.
    pub fn unpack(&self, lab: &str) -> io::Result<(TempDir, PathBuf)> {
        let folder = TempDir::with_prefix(crate::tidy::PREFIX)?;
        for (name, content) in &self.beside {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, content)?;
        }
        let main = folder
            .path()
            .join(format!("{lab}.{}", self.language.extension()));
        std::fs::write(&main, &self.main)?;
        Ok((folder, main))
    }
}

/// The path of `other` relative to `folder`, if it is below.
fn below<'a>(folder: &str, other: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        Some(other)
    } else {
        other.strip_prefix(folder)?.strip_prefix('/')
    }
}

/// The file that is meant: the one named like the lab, or else the one named `main`, or
/// else the only one.
fn main<'a>(tree: &'a Tree, lab: &str) -> Result<&'a str, Refusal> {
    let all: Vec<&str> = tree
        .files
        .keys()
        .map(String::as_str)
        .filter(|path| path.ends_with(".c") || path.ends_with(".rs"))
        .collect();
    let named = |stem: &str| -> Vec<&'a str> {
        let is_named = |path: &&str| {
            let name = Path::new(path).file_stem();
            name.is_some_and(|name| name == stem)
        };
        all.iter().copied().filter(is_named).collect()
    };
    for candidates in [named(lab), named("main"), all.clone()] {
        match candidates.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => {
                let shown = several
                    .iter()
                    .take(5)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(Refusal(format!(
                    "it holds {} files that could be meant ({shown}); hand in one, or name it {lab}.c \
                     or {lab}.rs",
                    several.len()
                )));
            }
        }
    }
    let what = if tree.others.is_empty() {
        "nothing".to_owned()
    } else {
        tree.others.join(", ")
    };
    Err(Refusal(format!(
        "it holds no C or Rust file; expected {lab}.c or {lab}.rs, found {what}"
    )))
}

/// The text of a source file, with Unix line ends and without a byte order mark.
fn text(path: &str, content: &[u8]) -> Result<String, Refusal> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if content.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal(format!("{path} is empty")));
    }
    match std::str::from_utf8(content) {
        Ok(text) => Ok(text.replace("\r\n", "\n")),
        Err(error) => {
            let valid = &content[..error.valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            Err(Refusal(format!("{path}, line {line}: not UTF-8")))
        }
    }
}
