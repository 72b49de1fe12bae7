//! Grading a course: each lab as a class, in a folder of its own, and then the gradebook.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use siglab_engine::Cancel;
use siglab_lab::Lab;
use siglab_sandbox::Sandbox;

use super::book::{Book, Column};
use super::{Course, CourseLab};
use crate::error::ClassError;
use crate::folder::{self, is_begun};
use crate::grade::{
    ClassOptions, Event, Graded, Mode, Prepared, Submissions, canonical, refuse_nested,
};
use crate::gradebook::{CANVAS, Gradebook};
use crate::intake::roster::{Roster, Student};
use crate::intake::{self, unpack};
use crate::store::{STORE, Store};

/// The table: a line for each student, a column for each lab.
const BOOK: &str = "gradebook.csv";
/// The same and more, as JSON.
const BOOK_JSON: &str = "course.json";
/// The course in numbers, as text.
const BOOK_TEXT: &str = "course.txt";

/// A course that can be graded: as [`Prepared`], for each of its labs.
#[derive(Debug)]
pub struct PreparedCourse<'a> {
    course: &'a Course,
    labs: Vec<(&'a CourseLab, &'a Lab, Prepared<'a>)>,
    /// Who is in the course, as far as that is known before.
    students: Vec<Student>,
    out: PathBuf,
}

/// What grading a course gave; more is in the results folder.
#[derive(Debug)]
pub struct GradedCourse {
    /// What each lab gave, in the course's order.
    pub labs: Vec<Graded>,
    /// The gradebook.
    pub book: Book,
}

/// Finds out what there is to be graded. `labs` are the course's, in its order; the results of
/// each are kept in a folder of its name in `out`. Of `options`, roster, gradebook and shard are
/// the course's affair. Starts no thread that stays.
///
/// # Errors
/// As [`prepare`](crate::prepare). A lab that nobody has handed in yet is none.
pub fn prepare_course<'a>(
    course: &'a Course,
    labs: &'a [Lab],
    out: &Path,
    options: &ClassOptions,
) -> Result<PreparedCourse<'a>, ClassError> {
    let roster = course.roster.as_deref().map(Roster::load).transpose()?;
    let roster_path = course.roster.as_deref().map(canonical).transpose()?;
    let mut submissions = Vec::new();
    for (at, lab) in course.labs.iter().enumerate() {
        refuse_nested(&canonical(lab.submissions.path())?, out)?;
        let found = read(course, at, roster_path.as_deref())?;
        submissions.push(found);
    }
    if let Some(roster) = &roster {
        let entries = submissions.iter().flat_map(|it| it.entries.iter().cloned());
        let entries: Vec<_> = entries.collect();
        if !entries.is_empty() {
            roster.check(&entries)?;
        }
    }
    let students = match (&roster, &course.students) {
        (Some(roster), _) => roster.students.clone(),
        (None, Some(folder)) => {
            let names: BTreeSet<String> = intake::student_names(folder)?.into_iter().collect();
            let student = |name| Student {
                id: String::new(),
                name,
            };
            names.into_iter().map(student).collect()
        }
        (None, None) => Vec::new(),
    };
    check_out(course, out)?;
    let mut prepared = Vec::new();
    for ((of_course, lab), submissions) in course.labs.iter().zip(labs).zip(submissions) {
        let folder = out.join(&of_course.id);
        let is_there = folder.join(STORE).is_file();
        let options = ClassOptions {
            gradebook: of_course.gradebook.clone(),
            roster: course.roster.clone(),
            shard: None,
            // A lab that is new in the course has nothing to be compared with.
            mode: if is_there { options.mode } else { Mode::Grade },
            ..options.clone()
        };
        let class = Prepared::new(lab, submissions, roster.clone(), &folder, options)?;
        prepared.push((of_course, lab, class));
    }
    Ok(PreparedCourse {
        course,
        labs: prepared,
        students,
        out: out.to_owned(),
    })
}

/// What was handed in for the lab at this place of the course's.
fn read(course: &Course, at: usize, roster: Option<&Path>) -> Result<Submissions, ClassError> {
    let lab = &course.labs[at];
    match &lab.submissions {
        super::Submissions::Own(path) => {
            let opened = unpack::open(path)?;
            if !opened.dir.is_dir() {
                let message = format!(
                    "{} is neither a folder nor an archive (.zip, .tar, .tar.gz, .tgz)",
                    path.display()
                );
                return Err(course.wrong_lab(at, message));
            }
            Ok(Submissions {
                entries: intake::scan_all(&opened.dir, roster)?,
                unpacked: opened.unpacked,
            })
        }
        super::Submissions::OfStudents(path) => Ok(Submissions {
            entries: intake::scan_students(path, &lab.id)?,
            unpacked: None,
        }),
    }
}

/// Makes sure that `out` is new, empty, or holds results of a course.
fn check_out(course: &Course, out: &Path) -> Result<(), ClassError> {
    let Ok(mut entries) = fs::read_dir(out) else {
        // If it can't be made or read, whoever makes the first folder in it says so.
        return Ok(());
    };
    let is_ours = |name: &Path| {
        is_begun(&out.join(name)) && course.labs.iter().any(|lab| Path::new(&lab.id) == name)
    };
    let mut entries = entries.by_ref().flatten().peekable();
    let is_empty = entries.peek().is_none();
    if is_empty
        || out.join(BOOK_JSON).is_file()
        || entries.any(|entry| is_ours(entry.file_name().as_ref()))
    {
        return Ok(());
    }
    Err(ClassError::NotCourse {
        out: out.to_owned(),
    })
}

impl PreparedCourse<'_> {
    /// Whether Rust's compiler may be needed for a lab, by its place.
    #[must_use]
    pub fn may_need_rust(&self, at: usize) -> bool {
        self.labs
            .get(at)
            .is_some_and(|(.., class)| class.may_need_rust())
    }

    /// The labs for which no one assignment of a gradebook from Canvas could be told, with the
    /// assignments that there are.
    pub fn unclear_assignments(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.labs.iter().filter_map(|(of_course, _, class)| {
            Some((of_course.id.as_str(), class.unclear_assignments()?))
        })
    }

    /// Grades one lab after another in `sandbox`, and keeps the results: as [`Prepared::grade`].
    /// `observer` is told the lab's id, too.
    ///
    /// # Errors
    /// As [`Prepared::grade`], of the first lab that can't be graded. No result that was reported is
    /// lost then.
    pub fn grade(
        self,
        sandbox: Option<&Sandbox>,
        cancel: &Cancel,
        observer: &mut dyn FnMut(&str, Event<'_>),
    ) -> Result<GradedCourse, ClassError> {
        let mut labs = Vec::new();
        let mut columns = Vec::new();
        let mut gradebooks: Vec<(Gradebook, Store)> = Vec::new();
        for (of_course, lab, class) in self.labs {
            let gradebook = class.gradebook().cloned();
            let graded = class.grade(sandbox.cloned(), cancel.clone(), &mut |event| {
                observer(&of_course.id, event);
            })?;
            let store = Store::open(&self.out.join(&of_course.id).join(STORE), false)?;
            columns.push(Column::of(&store, lab, of_course.points)?);
            gradebooks.extend(gradebook.map(|gradebook| (gradebook, store)));
            labs.push(graded);
        }
        let mut book = Book::new(&self.course.title, &self.students, columns);
        let parts: Vec<_> = gradebooks
            .iter()
            .map(|(book, store)| (book, store))
            .collect();
        let canvas = Gradebook::fill_all(&parts)?;
        let assignments = parts.iter().filter_map(|(book, _)| book.assignment());
        book.canvas = assignments.map(str::to_owned).collect();
        let out = &self.out;
        let write = |name: &str, content: &[u8]| folder::write(&out.join(name), content);
        write(BOOK, &book.csv()?)?;
        match canvas {
            Some(csv) => write(CANVAS, csv.as_bytes())?,
            // Nobody is to import what was true once.
            None => folder::remove(&out.join(CANVAS))?,
        }
        let mut json = serde_json::to_vec_pretty(&book)
            .map_err(|error| ClassError::Internal(error.to_string()))?;
        json.push(b'\n');
        write(BOOK_TEXT, book.to_string().as_bytes())?;
        // The last: with it, this is a course's folder.
        write(BOOK_JSON, &json)?;
        Ok(GradedCourse { labs, book })
    }
}
