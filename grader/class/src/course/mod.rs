//! `course.toml`: several labs that are graded at once, and where the submissions of each are.

#[cfg(feature = "store")]
pub(crate) mod book;
#[cfg(feature = "store")]
pub(crate) mod grade;
mod raw;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_spanned::Spanned;
use siglab_sandbox::regular;

use crate::error::ClassError;
use raw::{RawCourse, RawLab};

#[cfg(feature = "schema")]
pub use raw::schema;

/// A course of a thousand labs is smaller.
const MOST_BYTES: u64 = 1 << 20;

/// The most labs of a course: each is compared with all others.
const MOST_LABS: usize = 500;

/// Several labs, each with its submissions: what `course.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// What it is called; the name of its file if that isn't said.
    pub title: String,
    /// The folder of results, if it is named.
    pub out: Option<PathBuf>,
    /// The folder of labs, if it is named.
    pub labs_dir: Option<PathBuf>,
    /// The course's list of students.
    pub roster: Option<PathBuf>,
    /// The folder with a folder for each student, if there is one.
    pub students: Option<PathBuf>,
    /// The labs, in the order of their columns; at least one, and none twice.
    pub labs: Vec<CourseLab>,
    /// As on the command line, for messages.
    path: PathBuf,
    text: String,
}

/// A lab of a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseLab {
    /// Its id.
    pub id: String,
    /// Where its submissions are.
    pub submissions: Submissions,
    /// What full marks are worth in the gradebook; the lab's own points if absent.
    pub points: Option<u32>,
    /// The assignment's column, if the roster is a gradebook exported from Canvas.
    pub gradebook: Option<String>,
    /// What its moments are drawn from; the lab's own if absent.
    pub seed: Option<u64>,
    /// Where its id stands.
    span: Range<usize>,
}

/// Where submissions to a lab are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submissions {
    /// In a folder or an archive of their own.
    Own(PathBuf),
    /// In a folder for each student, in this one.
    OfStudents(PathBuf),
}

impl Submissions {
    /// The folder or archive.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(path) | Self::OfStudents(path) => path,
        }
    }
}

impl Course {
    /// Reads a course's file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// If it can't be read, is malformed, names a lab twice, or a folder that isn't there.
    pub fn load(path: &Path) -> Result<Self, ClassError> {
        let text = regular::read_named_text(path, MOST_BYTES);
        let text = text.map_err(|source| ClassError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// As [`Self::load`], of a course's text.
    fn parse(path: &Path, text: &str) -> Result<Self, ClassError> {
        let raw: RawCourse = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            located(path, text, &span, error.message().to_owned(), None)
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut course = Self {
            title: raw.title.unwrap_or_else(|| stem.into_owned()),
            out: raw.out.map(|it| folder.join(it)),
            labs_dir: raw.labs.map(|it| folder.join(it)),
            roster: raw.roster.map(|it| folder.join(it)),
            students: None,
            labs: Vec::new(),
            path: path.to_owned(),
            text: text.to_owned(),
        };
        course.students = course.existing(folder, raw.students.as_ref())?;
        if let Some(one) = raw.lab.get(MOST_LABS) {
            let message = format!("there are more than {MOST_LABS} labs");
            return Err(course.wrong(&one.span(), message, None));
        }
        for lab in raw.lab {
            let lab = course.lab(folder, lab)?;
            course.labs.push(lab);
        }
        if course.labs.is_empty() {
            let hint = "write a table [[lab]] for each, with its id";
            return Err(course.wrong(&(0..0), "it has no labs".into(), Some(hint)));
        }
        Ok(course)
    }

    fn lab(&self, folder: &Path, raw: Spanned<RawLab>) -> Result<CourseLab, ClassError> {
        let whole = raw.span();
        let raw = raw.into_inner();
        let Some(id) = raw.id else {
            let hint = "write its id, such as id = \"simple_handler\"";
            return Err(self.wrong(&whole, "a lab has no id".into(), Some(hint)));
        };
        let span = id.span();
        let id = id.into_inner();
        if self.labs.iter().any(|it| it.id == id) {
            return Err(self.wrong(&span, format!("lab `{id}` is there twice"), None));
        }
        let own = self.existing(folder, raw.submissions.as_ref())?;
        let submissions = match (own, &self.students) {
            (Some(own), _) => Submissions::Own(own),
            (None, Some(students)) => Submissions::OfStudents(students.clone()),
            (None, None) => {
                let message = format!("nothing says where the submissions to `{id}` are");
                let hint = "write submissions = \"FOLDER\" for the lab, or students = \"FOLDER\" \
                            for all: a folder for each student, with one for each lab in it";
                return Err(self.wrong(&span, message, Some(hint)));
            }
        };
        let is_same = |other: &&CourseLab| match (&other.submissions, &submissions) {
            (Submissions::Own(one), Submissions::Own(other)) => is_same_file(one, other),
            _ => false,
        };
        if let (Some(other), Some(written)) = (self.labs.iter().find(is_same), &raw.submissions) {
            let message = format!("`{}` has these submissions, too", other.id);
            return Err(self.wrong(&written.span(), message, None));
        }
        let points = match raw.points {
            Some(points) if *points.get_ref() == 0 => {
                let hint = "leave the lab out if it isn't to count";
                let message = "points are 1 or more".to_owned();
                return Err(self.wrong(&points.span(), message, Some(hint)));
            }
            points => points.map(Spanned::into_inner),
        };
        if let (Some(named), None) = (&raw.gradebook, &self.roster) {
            let hint = "export the gradebook from Canvas, and name it: roster = \"export.csv\"";
            let message = "there is no roster that this could be a column of".to_owned();
            return Err(self.wrong(&named.span(), message, Some(hint)));
        }
        Ok(CourseLab {
            id,
            submissions,
            points,
            gradebook: raw.gradebook.map(Spanned::into_inner),
            seed: raw.seed,
            span,
        })
    }

    /// The folder or archive that is named, which has to be there.
    fn existing(
        &self,
        folder: &Path,
        named: Option<&Spanned<PathBuf>>,
    ) -> Result<Option<PathBuf>, ClassError> {
        let Some(named) = named else { return Ok(None) };
        let path = folder.join(named.get_ref());
        match std::fs::metadata(&path) {
            Ok(_) => Ok(Some(path)),
            Err(error) => {
                let reason = crate::error::reason(&error);
                let message = format!("can't read {}: {reason}", path.display());
                Err(self.wrong(&named.span(), message, None))
            }
        }
    }

    /// That something is wrong with the lab at this place of [`Self::labs`], such as that there
    /// is none with its id.
    #[must_use]
    pub fn wrong_lab(&self, at: usize, message: String) -> ClassError {
        let span = self.labs.get(at).map_or(0..0, |lab| lab.span.clone());
        self.wrong(&span, message, None)
    }

    fn wrong(&self, span: &Range<usize>, message: String, hint: Option<&str>) -> ClassError {
        located(&self.path, &self.text, span, message, hint)
    }
}

/// Whether two paths, which are there, lead to the same file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some_and(|it| real(other) == Some(it))
}

/// An error with its line and column.
fn located(
    path: &Path,
    text: &str,
    span: &Range<usize>,
    message: String,
    hint: Option<&str>,
) -> ClassError {
    let before = text.get(..span.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ClassError::Course {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        why: message,
        hint: hint.map(str::to_owned),
    }
}
