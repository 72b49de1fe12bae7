//! From what differs to a whole program.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::part::{self, PartError};
use super::patch::{self, PatchError};
use super::{Form, Part, header_line, language};
use crate::lab::{Lab, nearest};
use crate::result::Language;
use crate::submission::{self, SubmissionError};

/// What a header says to name the program as it was handed out.
const ORIGINAL: &str = "original";

/// How many bases a program may have, one on top of the other. A reader who has to look at more
/// files than this finds no mistake.
const DEEPEST: usize = 3;

/// Why there is no program where a lab has a file for one.
#[derive(Debug, thiserror::Error)]
pub enum VariantError {
    /// The file can't be read, or isn't one.
    #[error(transparent)]
    Read(#[from] SubmissionError),
    /// The header names no base.
    #[error(
        "{}: the header lacks `// siglab-{part}: base = ...`; name the program that this differs \
         from, such as `solution/NAME.c`, or `{ORIGINAL}` for the one that was handed out",
        file.display()
    )]
    NoBase {
        /// The file.
        file: PathBuf,
        /// What its header's lines begin with.
        part: Part,
    },
    /// The base is somewhere else.
    #[error(
        "{}: the base `{base}` isn't in the lab's folder; name a file in it, or `{ORIGINAL}` for \
         the program that was handed out",
        file.display()
    )]
    Outside {
        /// The file.
        file: PathBuf,
        /// What its header says.
        base: String,
    },
    /// There is no such base.
    #[error("{}: there is no base `{base}`{}", file.display(), did_you_mean(near.as_deref()))]
    Missing {
        /// The file.
        file: PathBuf,
        /// What its header says.
        base: String,
        /// A file there with a similar name.
        near: Option<String>,
    },
    /// The base is in another language.
    #[error("{}: the base `{base}` isn't written in {wanted}", file.display())]
    OtherLanguage {
        /// The file.
        file: PathBuf,
        /// What its header says.
        base: String,
        /// The program's language.
        wanted: Language,
    },
    /// The base has a base, and so on.
    #[error(
        "{}: `{base}` is built on too many others, or on itself; take a whole program as the base",
        file.display()
    )]
    Deep {
        /// The file.
        file: PathBuf,
        /// What its header says.
        base: String,
    },
    /// A patch doesn't fit.
    #[error("{}{why}", file.display())]
    Patch {
        /// The file.
        file: PathBuf,
        /// Where, and why.
        why: Box<PatchError>,
    },
    /// Functions can't take the place of the base's.
    #[error("{}: {why}", file.display())]
    Functions {
        /// The file.
        file: PathBuf,
        /// Why.
        why: PartError,
    },
    /// A function that starters are to have empty isn't there.
    #[error("[files] has `emptied = [\"{function}\"]`, but {} has no such function", original.display())]
    NotEmptied {
        /// The program as it was handed out.
        original: PathBuf,
        /// The function's name.
        function: String,
    },
    /// Two files give a program of the same name.
    #[error("{} and {} give the same program; remove one", other.display(), file.display())]
    Twice {
        /// The file.
        file: PathBuf,
        /// The one before.
        other: PathBuf,
    },
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

impl Lab {
    /// The program that is written in `file`, relative to the lab's folder.
    pub(super) fn compose(&self, file: &Path, part: Part) -> Result<String, VariantError> {
        self.compose_on(file, part, 0)
    }

    fn compose_on(&self, file: &Path, part: Part, depth: usize) -> Result<String, VariantError> {
        let text = submission::read(&self.dir().join(file))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let (form, name) = Form::of(&name);
        if form == Form::Whole {
            return Ok(text);
        }
        let written = Written {
            file,
            part,
            // Only what ends in that of a language is composed.
            language: language(Path::new(name)).unwrap_or(Language::C),
        };
        let header: Vec<&str> = text
            .lines()
            .take_while(|line| header_line(line, part).is_some())
            .collect();
        let Some(base) = header.iter().find_map(|line| named(line, part)) else {
            let file = file.to_owned();
            return Err(VariantError::NoBase { file, part });
        };
        let (below, skipped) = without_comment(&self.base(&written, base, depth)?);
        let rest: Vec<&str> = text.lines().skip(header.len()).collect();
        let body = match form {
            Form::Patch => {
                patch::apply(&below, base, &rest, [skipped, header.len()]).map_err(|why| {
                    VariantError::Patch {
                        file: file.to_owned(),
                        why: Box::new(why),
                    }
                })?
            }
            _ => part::replace(&below, base, &rest, written.language).map_err(|why| {
                VariantError::Functions {
                    file: file.to_owned(),
                    why,
                }
            })?,
        };
        let kept = header.iter().filter(|line| named(line, part).is_none());
        let kept = kept.fold(String::new(), |text, line| text + line + "\n");
        Ok(match kept.is_empty() {
            true => body,
            false => format!("{kept}\n{body}"),
        })
    }

    /// The text of a base.
    fn base(&self, on: &Written, base: &str, depth: usize) -> Result<String, VariantError> {
        let (file, name) = (on.file.to_owned(), base.to_owned());
        if base == ORIGINAL {
            let files = &self.manifest.files;
            let path = self.dir().join(files.original_file(self.id(), on.language));
            return Ok(submission::read(&path)?);
        }
        let path = Path::new(base);
        let is_below = |it| matches!(it, Component::Normal(_));
        if !path.components().all(is_below) {
            return Err(VariantError::Outside { file, base: name });
        }
        if language(path) != Some(on.language) {
            let wanted = on.language;
            let base = name;
            return Err(VariantError::OtherLanguage { file, base, wanted });
        }
        let found = ["", ".patch", ".part"]
            .map(|ending| PathBuf::from(format!("{base}{ending}")))
            .into_iter()
            .find(|it| self.dir().join(it).exists());
        let Some(found) = found else {
            let near = self.near(path);
            let base = name;
            return Err(VariantError::Missing { file, base, near });
        };
        // A link could lead anywhere.
        let real = fs::canonicalize(self.dir().join(&found));
        if !real.is_ok_and(|it| it.starts_with(self.dir())) {
            return Err(VariantError::Outside { file, base: name });
        }
        if depth == DEEPEST {
            return Err(VariantError::Deep { file, base: name });
        }
        self.compose_on(&found, self.part_of(&found).unwrap_or(on.part), depth + 1)
    }

    /// What a file is for, by its folder.
    fn part_of(&self, file: &Path) -> Option<Part> {
        let files = &self.manifest.files;
        let folders = files.solution.iter().map(|it| (it, Part::Solution));
        folders
            .chain([(&files.starter, Part::Starter), (&files.wrong, Part::Wrong)])
            .find(|(folder, _)| file.starts_with(folder))
            .map(|(_, part)| part)
    }

    /// The program in the same folder whose name is the most similar.
    fn near(&self, path: &Path) -> Option<String> {
        let folder = path.parent()?;
        let entries = fs::read_dir(self.dir().join(folder)).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut programs: Vec<String> = names.map(|name| Form::of(&name).1.to_owned()).collect();
        programs.sort();
        let near = nearest(
            path.file_name()?.to_str()?,
            programs.iter().map(String::as_str),
        )?;
        Some(folder.join(near).display().to_string())
    }
}

/// A file with what differs.
struct Written<'a> {
    file: &'a Path,
    part: Part,
    language: Language,
}

/// The base that a line of a header names, if it names one.
fn named(line: &str, part: Part) -> Option<&str> {
    let (key, value) = header_line(line, part)?;
    (key == "base").then_some(value)
}

/// The lines of the comment that a program begins with.
pub(super) fn comment(text: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.lines().take_while(move |line| {
        let line = line.trim();
        let is_comment = is_inside || line.starts_with("//") || line.starts_with("/*");
        is_inside = is_comment && (is_inside || line.starts_with("/*")) && !line.ends_with("*/");
        is_comment
    })
}

/// A program without the comment that it begins with, and how many lines that takes away: it is
/// about the base.
fn without_comment(text: &str) -> (String, usize) {
    let rest = text.lines().skip(comment(text).count());
    let rest: Vec<&str> = rest.skip_while(|it| it.is_empty()).collect();
    let skipped = text.lines().count() - rest.len();
    let rest = rest.into_iter();
    (
        rest.fold(String::new(), |text, line| text + line + "\n"),
        skipped,
    )
}

#[cfg(test)]
mod tests {
    use super::without_comment;

    #[test]
    fn the_first_comment_is_the_bases() {
        for (text, rest) in [
            (
                "/*\n * a\n\n b\n */\n#include\n/* c */\n",
                "#include\n/* c */\n",
            ),
            ("// marker\n/* a */\n\n#include\n", "#include\n"),
            (
                "//! a\n//! b\n\n/// c\nfn main() {}\n",
                "/// c\nfn main() {}\n",
            ),
            ("int a;\n", "int a;\n"),
        ] {
            let skipped = text.lines().count() - rest.lines().count();
            assert_eq!(without_comment(text), (rest.to_owned(), skipped));
        }
    }
}
