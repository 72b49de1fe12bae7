//! The programs of a lab: its starters, its solutions, and the wrong variants that criteria are
//! tried with.
//!
//! A program is a file, or is written as what differs from another program of the lab, its base:
//!
//! - `NAME.c.patch` has hunks of a unified diff: [`patch`];
//! - `NAME.c.part` has functions that take the place of the base's: [`part`].
//!
//! The first lines of both are a header that names the base. What they are composed to is found
//! here, and nowhere else: whoever wants the programs of a lab asks [`Lab::variants`].

mod compose;
mod emptied;
mod find;
mod functions;
mod part;
mod patch;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use siglab_sandbox::regular;

pub use compose::VariantError;
pub use find::UnknownVariant;

use crate::compile::CompileError;
use crate::grade::GradeError;
use crate::lab::Lab;
use crate::result::Language;
use crate::submission::{MAX_SOURCE_BYTES, Submission};

/// How many lines of a program may come before its header is over.
const HEADER_LINES: usize = 10;

/// What a program of a lab is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What students begin with.
    Starter,
    /// A correct solution.
    Solution,
    /// A wrong variant.
    Wrong,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starter => "starter",
            Self::Solution => "solution",
            Self::Wrong => "wrong",
        })
    }
}

/// How a program is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it is.
    Whole,
    /// Hunks of a diff.
    Patch,
    /// Functions that take the place of others.
    Functions,
}

impl Form {
    /// The form of the file with this name, and the name of the program that it gives.
    fn of(name: &str) -> (Self, &str) {
        if let Some(name) = name.strip_suffix(".patch") {
            (Self::Patch, name)
        } else if let Some(name) = name.strip_suffix(".part") {
            (Self::Functions, name)
        } else {
            (Self::Whole, name)
        }
    }
}

/// A program of a lab.
#[derive(Debug)]
pub struct Variant {
    /// What it is there for.
    pub part: Part,
    /// Its language, by its ending.
    pub language: Language,
    /// What it is called, relative to the lab's folder: `wrong/no_window.c`, however it is written.
    pub path: PathBuf,
    /// The file that it is written in, relative to the lab's folder: `wrong/no_window.c.patch`.
    pub file: PathBuf,
    /// Its text, or why there is none.
    pub text: Result<String, VariantError>,
}

impl Variant {
    /// Its name: `no_window`.
    #[must_use]
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// The name that its file would have if it were written as it is: `no_window.c`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What it is for, in its author's words: why it is wrong, or the first line of its comment.
    #[must_use]
    pub fn purpose(&self) -> Option<String> {
        let text = self.text.as_ref().ok()?;
        match self.part {
            Part::Starter => Some("what students begin with".into()),
            Part::Solution => {
                let line = compose::comment(text)
                    .map(|it| it.trim().trim_matches(['/', '*', '!']).trim())
                    .find(|it| !it.is_empty())?;
                Some(line.to_owned())
            }
            Part::Wrong => header(text, "because").map(str::to_owned),
        }
    }

    /// The program as if somebody had handed it in to `lab`: its own file if that is all of it,
    /// else one below `folder`.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn submission(
        &self,
        text: &str,
        lab: &Lab,
        folder: &Path,
    ) -> Result<Submission, GradeError> {
        let mut path = lab.dir().join(&self.path);
        if !regular::read(&path, MAX_SOURCE_BYTES).is_ok_and(|it| it == text.as_bytes()) {
            path = folder.join(self.part.to_string()).join(self.file_name());
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = made.and_then(|()| fs::write(&path, text));
            written.map_err(|source| CompileError::Io {
                operation: "write",
                path: path.clone(),
                source,
            })?;
        }
        Ok(Submission {
            path,
            language: self.language,
            source: text.to_owned(),
            beside: Vec::new(),
        })
    }
}

impl Lab {
    /// Its programs: starters, solutions and wrong variants, each sorted by name. One that can't be
    /// had is there, with the reason.
    ///
    /// # Errors
    /// If a folder can't be read.
    pub fn variants(&self) -> Result<Vec<Variant>, GradeError> {
        let files = &self.manifest.files;
        let mut variants = self.written(&files.starter, Part::Starter)?;
        self.add_made_starters(&mut variants);
        for solution in &files.solution {
            variants.extend(self.written(solution, Part::Solution)?);
        }
        variants.extend(self.written(&files.wrong, Part::Wrong)?);
        Ok(variants)
    }

    /// The programs in a folder of the lab, sorted; or the one in a file. None if there is no such
    /// folder.
    fn written(&self, folder: &Path, part: Part) -> Result<Vec<Variant>, GradeError> {
        let absolute = self.dir().join(folder);
        let read_error = |source| GradeError::Read {
            path: absolute.clone(),
            source,
        };
        if absolute.is_file() {
            return Ok(self.variant_in(folder, part).into_iter().collect());
        }
        let entries = match fs::read_dir(&absolute) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(read_error(error)),
        };
        let mut variants = Vec::new();
        for entry in entries {
            let name = entry.map_err(read_error)?.file_name();
            variants.extend(self.variant_in(&folder.join(name), part));
        }
        variants.sort_by(|a, b| (&a.path, &a.file).cmp(&(&b.path, &b.file)));
        for index in 1..variants.len() {
            let (before, rest) = variants.split_at_mut(index);
            if before[index - 1].path == rest[0].path {
                rest[0].text = Err(VariantError::Twice {
                    file: rest[0].file.clone(),
                    other: before[index - 1].file.clone(),
                });
            }
        }
        Ok(variants)
    }

    /// The program that is written in `file`, relative to the lab's folder; none if its name says
    /// that it is something else.
    fn variant_in(&self, file: &Path, part: Part) -> Option<Variant> {
        let name = file.file_name()?.to_str()?;
        let (_, name) = Form::of(name);
        let path = file.with_file_name(name);
        let language = language(&path)?;
        Some(Variant {
            part,
            language,
            text: self.compose(file, part),
            path,
            file: file.to_owned(),
        })
    }
}

/// The language of a program with this name.
pub(crate) fn language(path: &Path) -> Option<Language> {
    Language::HANDED_IN.into_iter().find(|language| {
        path.extension()
            .is_some_and(|it| it == language.extension())
    })
}

/// The value of `key` in the header of a wrong variant.
pub(crate) fn header<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().take(HEADER_LINES).find_map(|line| {
        let (name, value) = header_line(line, Part::Wrong)?;
        (name == key).then_some(value)
    })
}

/// The criteria that a wrong variant says it fails.
pub(crate) fn fails(text: &str) -> Vec<String> {
    header(text, "fails")
        .unwrap_or_default()
        .split(',')
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect()
}

/// The key and the value in a line of a program's header, if it is one.
fn header_line(line: &str, part: Part) -> Option<(&str, &str)> {
    let comment = line.trim();
    let comment = comment.strip_prefix("//").or(comment.strip_prefix('#'))?;
    let rest = comment.trim_start().strip_prefix("siglab-")?;
    let entry = rest.strip_prefix(&*part.to_string())?.strip_prefix(':')?;
    let (name, value) = entry.split_once('=')?;
    Some((name.trim(), value.trim()))
}
