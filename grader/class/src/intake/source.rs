//! What of a submission is compiled.

use std::io;
use std::path::{Path, PathBuf};

use siglab_lab::{Language, MAX_SOURCE_BYTES, PREDICTIONS, Wanted};

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
    /// Reads what `entry` stands for, as a submission of what is wanted.
    ///
    /// # Errors
    /// If there is nothing that could be compiled, or several files that could be meant, or
    /// what is there can't be read, is too large or isn't text.
    pub fn read<'a>(entry: &Entry, wanted: impl Into<Wanted<'a>>) -> Result<Self, Refusal> {
        let mut tree = Tree::default();
        for (path, name) in &entry.files {
            tree.add(path, name).map_err(Refusal)?;
        }
        Self::choose(&tree, wanted.into())
    }

    /// Picks the file that is compiled, and what belongs to it.
    fn choose(tree: &Tree, wanted: Wanted<'_>) -> Result<Self, Refusal> {
        let path = main(tree, wanted)?;
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
        } else if path.ends_with(".toml") {
            Language::Predictions
        } else {
            Language::Rust
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let ending = match language {
            Language::C => ".h",
            Language::Rust => ".rs",
            // Nothing belongs to them.
            Language::Predictions => "\0",
        };
        let beside: Vec<_> = tree
            .files
            .iter()
            .filter(|(other, _)| other.as_str() != path && other.ends_with(ending))
            .filter_map(|(other, item)| match (below(folder, other), item) {
                (Some(name), Item::Content(content)) => Some((name.to_owned(), content.clone())),
                _ => None,
            })
            .collect();
        // The file that is compiled gets this name.
        let own = format!("{}.{}/", wanted.lab, language.extension());
        if beside.iter().any(|(name, _)| name.starts_with(&own)) {
            return Err(Refusal(format!("{own} is a folder; it has to be the file")));
        }
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

    /// Writes it to an empty folder; the file to compile.
    ///
    /// # Errors
    /// If there is no room.
    pub fn unpack(&self, lab: &str, folder: &Path) -> io::Result<PathBuf> {
        for (name, content) in &self.beside {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, content)?;
        }
        let main = folder.join(format!("{lab}.{}", self.language.extension()));
        std::fs::write(&main, &self.main)?;
        Ok(main)
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

/// The file that is meant.
fn main<'a>(tree: &'a Tree, wanted: Wanted<'_>) -> Result<&'a str, Refusal> {
    let paths: Vec<&str> = tree.files.keys().map(String::as_str).collect();
    let found = match siglab_lab::pick(&paths, wanted) {
        Ok(one) => return Ok(one),
        Err(found) => found,
    };
    let lab = wanted.lab;
    let (what, names) = if wanted.predictions {
        ("predictions", PREDICTIONS.to_owned())
    } else {
        ("C or Rust file", format!("{lab}.c or {lab}.rs"))
    };
    if !found.is_empty() {
        let shown: Vec<&str> = found.iter().take(5).copied().collect();
        return Err(Refusal(format!(
            "it holds {} files that could be meant ({}); hand in one, or name it {names}",
            found.len(),
            shown.join(", ")
        )));
    }
    let tables = paths.into_iter().filter(|path| path.ends_with(".toml"));
    let others = tree.others.iter().map(String::as_str).chain(tables);
    let others = match others.take(5).collect::<Vec<_>>()[..] {
        [] => "nothing".to_owned(),
        ref others => others.join(", "),
    };
    Err(Refusal(format!(
        "it holds no {what}; expected {names}, found {others}"
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
