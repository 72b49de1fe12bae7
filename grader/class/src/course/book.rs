//! The gradebook of a course: a line for each student, a column for each lab, and a total.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use siglab_report::escape_lines;

use crate::error::ClassError;
use crate::intake::roster::Student;
use crate::store::Store;
use crate::summary::cell;

/// The name and version of the serialised form of [`Book`].
pub const COURSE_SCHEMA: &str = "siglab/course/v1";

/// Points in hundredths, as gradebooks show them: with two decimals at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(u64);

impl Points {
    /// `score` of `max`, where all of them are worth `worth` points.
    fn scaled(score: u32, max: u32, worth: u32) -> Self {
        if max == 0 {
            return Self(0);
        }
        let (score, max, worth) = (u128::from(score), u128::from(max), u128::from(worth));
        let hundredths = (score * worth * 200 + max) / (2 * max);
        Self(u64::try_from(hundredths).unwrap_or(u64::MAX))
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        Self(points.map(|it| it.0).sum())
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        let text = match rest {
            0 => whole.to_string(),
            rest if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
            rest => format!("{whole}.{rest:02}"),
        };
        f.pad(&text)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) {
            serializer.serialize_u64(self.0 / 100)
        } else {
            serializer.serialize_f64(self.0 as f64 / 100.0)
        }
    }
}

/// The gradebook of a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Book {
    schema: &'static str,
    /// What the course is called.
    pub title: String,
    /// The labs, in the order of their columns.
    pub labs: Vec<LabColumn>,
    /// The sum of what the labs are worth.
    pub points: Points,
    /// The students: as in the roster, and after them whoever isn't in it; without a roster, by
    /// name.
    pub students: Vec<Line>,
    /// What is in no column though it was handed in, and why.
    pub undecided: Vec<Undecided>,
    /// Submissions of nobody in the roster, each after its lab.
    pub unknown: Vec<(String, String)>,
    /// The assignments of the file for Canvas, if there is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub canvas: Vec<String>,
}

/// What is above a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabColumn {
    /// The lab's id.
    pub lab: String,
    /// Its title.
    pub title: String,
    /// What full marks are worth here.
    pub points: u32,
    /// The lab's own points.
    pub max_score: u32,
    /// How many submissions there are.
    pub submissions: usize,
    /// How many students have points here, if none.
    pub scores: usize,
    /// Their mean, if there are any.
    pub mean: Option<Points>,
}

/// A student's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What the roster identifies the student by; empty without a roster.
    pub id: String,
    /// The student's name, or that of what was handed in.
    pub name: String,
    /// Points by lab. Who has handed nothing in has none, not 0.
    pub scores: BTreeMap<String, Points>,
    /// Their sum; absent if there are none, or if one of them is undecided.
    pub total: Option<Points>,
}

/// A student whose submission has no points, for a reason that isn't what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// The student's name.
    pub student: String,
    /// The lab's id.
    pub lab: String,
    /// The names of what was handed in.
    pub submissions: Vec<String>,
    /// Why; absent if there are several submissions: siglab doesn't choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A lab's column before it has its place.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) head: LabColumn,
    /// What each student has handed in.
    handed_in: BTreeMap<Student, Vec<HandedIn>>,
    unknown: Vec<String>,
}

#[derive(Debug)]
struct HandedIn {
    name: String,
    /// Or why there is none.
    score: Result<u32, String>,
}

impl Column {
    /// What is in `store`. `points`: what full marks are worth.
    pub(crate) fn of(
        store: &Store,
        lab: &siglab_lab::Lab,
        points: Option<u32>,
    ) -> Result<Self, ClassError> {
        let max_score = lab.manifest.max_score();
        let has_roster = !store.roster()?.is_empty();
        let mut column = Self {
            head: LabColumn {
                lab: lab.id().to_owned(),
                title: lab.manifest.title.clone(),
                points: points.unwrap_or(max_score),
                max_score,
                submissions: 0,
                scores: 0,
                mean: None,
            },
            handed_in: BTreeMap::new(),
            unknown: Vec::new(),
        };
        store.read(|row, result| {
            column.head.submissions += 1;
            if has_roster && row.student.is_none() {
                column.unknown.push(row.name.clone());
            }
            let named = |name: &str| Student {
                id: String::new(),
                name: name.to_owned(),
            };
            let student = row.student.clone().unwrap_or_else(|| match &*row.who {
                "" => named(&row.name),
                who => named(who),
            });
            let score = match crate::grade::is_verdict(result) {
                true => Ok(result.score),
                false => Err(result.message.clone().unwrap_or_default()),
            };
            let name = row.name.clone();
            let all = column.handed_in.entry(student).or_default();
            all.push(HandedIn { name, score });
            Ok(())
        })?;
        Ok(column)
    }
}

impl Book {
    /// Puts columns side by side. `roster`: who is in the course, in this order.
    pub(crate) fn new(title: &str, roster: &[Student], columns: Vec<Column>) -> Self {
        let mut students: Vec<&Student> = Vec::new();
        let mut others: Vec<&Student> = columns
            .iter()
            .flat_map(|column| column.handed_in.keys())
            .collect();
        others.sort_by(|one, other| one.name.cmp(&other.name).then(one.cmp(other)));
        let known: std::collections::BTreeSet<&Student> = roster.iter().collect();
        students.extend(roster);
        students.extend(others.iter().filter(|it| !known.contains(**it)));
        students.dedup();
        let mut undecided = Vec::new();
        let mut heads: Vec<LabColumn> = columns.iter().map(|it| it.head.clone()).collect();
        let mut sums = vec![0; heads.len()];
        let mut lines = Vec::new();
        for student in students {
            let mut line = Line {
                id: student.id.clone(),
                name: student.name.clone(),
                scores: BTreeMap::new(),
                total: None,
            };
            let before = undecided.len();
            for (at, column) in columns.iter().enumerate() {
                let head = &mut heads[at];
                let Some(handed_in) = column.handed_in.get(student) else {
                    continue;
                };
                let mut add = |reason: Option<&String>| {
                    undecided.push(Undecided {
                        student: student.name.clone(),
                        lab: head.lab.clone(),
                        submissions: handed_in.iter().map(|it| it.name.clone()).collect(),
                        reason: reason.cloned(),
                    });
                };
                match handed_in.as_slice() {
                    [
                        HandedIn {
                            score: Ok(score), ..
                        },
                    ] => {
                        let points = Points::scaled(*score, head.max_score, head.points);
                        head.scores += 1;
                        sums[at] += points.0;
                        line.scores.insert(head.lab.clone(), points);
                    }
                    [
                        HandedIn {
                            score: Err(reason), ..
                        },
                    ] => add(Some(reason)),
                    _ => add(None),
                }
            }
            if !line.scores.is_empty() && undecided.len() == before {
                line.total = Some(line.scores.values().copied().sum());
            }
            lines.push(line);
        }
        for (head, sum) in heads.iter_mut().zip(sums) {
            head.mean = mean(sum, head.scores);
        }
        Self {
            schema: COURSE_SCHEMA,
            title: title.to_owned(),
            points: Points(heads.iter().map(|it| u64::from(it.points) * 100).sum()),
            unknown: columns
                .into_iter()
                .flat_map(|column| {
                    let lab = column.head.lab;
                    let names = column.unknown.into_iter();
                    names.map(move |name| (lab.clone(), name))
                })
                .collect(),
            labs: heads,
            students: lines,
            undecided,
            canvas: Vec::new(),
        }
    }

    /// The table, as CSV: students, a column for each lab, and the total.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, ClassError> {
        let internal = |error: csv::Error| ClassError::Internal(error.to_string());
        let mut table = csv::Writer::from_writer(Vec::new());
        let labs = || self.labs.iter().map(|it| it.lab.as_str());
        let headings = ["student_id", "student"].into_iter().chain(labs());
        let headings: Vec<&str> = headings.chain(["total"]).collect();
        table.write_record(&headings).map_err(internal)?;
        let text = |points: Option<&Points>| points.map_or(String::new(), Points::to_string);
        for line in &self.students {
            let mut record = vec![cell(&line.id), cell(&line.name)];
            record.extend(labs().map(|lab| text(line.scores.get(lab))));
            record.push(text(line.total.as_ref()));
            table.write_record(&record).map_err(internal)?;
        }
        let bytes = table.into_inner();
        bytes.map_err(|error| ClassError::Internal(error.to_string()))
    }
}

/// The mean of so many, of this sum of hundredths.
fn mean(sum: u64, count: usize) -> Option<Points> {
    let count = count as u64;
    (count > 0).then(|| Points((sum * 2 + count) / (2 * count)))
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = escape_lines(&self.title);
        let (labs, students) = (self.labs.len(), self.students.len());
        let s = if labs == 1 { "" } else { "s" };
        writeln!(f, "{title}: {labs} lab{s}, {students} students\n")?;
        let ids = self.labs.iter().map(|it| it.lab.chars().count());
        let width = ids.max().unwrap_or(0).max("total".len());
        let head = "lab";
        writeln!(f, "  {head:<width$}  submissions  scores    mean      of")?;
        for it in &self.labs {
            let mean = it.mean.map_or(String::new(), |mean| mean.to_string());
            let (lab, submissions, scores, of) = (&it.lab, it.submissions, it.scores, it.points);
            writeln!(
                f,
                "  {lab:<width$}  {submissions:>11}  {scores:>6}  {mean:>6}  {of:>6}"
            )?;
        }
        let totals: Vec<Points> = self.students.iter().filter_map(|it| it.total).collect();
        let sum = totals.iter().map(|it| it.0).sum();
        let mean = mean(sum, totals.len()).map_or(String::new(), |mean| mean.to_string());
        let (total, count, of) = ("total", totals.len(), self.points);
        writeln!(
            f,
            "  {total:<width$}  {:>11}  {count:>6}  {mean:>6}  {of:>6}",
            ""
        )?;
        if !self.undecided.is_empty() {
            writeln!(f, "\nundecided: {}", self.undecided.len())?;
        }
        for it in &self.undecided {
            let submissions = it.submissions.join(", ");
            let why = match &it.reason {
                Some(reason) => format!("{submissions} could not be graded: {reason}"),
                None => format!("several submissions, {submissions}"),
            };
            let line = format!("{}, {}: {why}", it.student, it.lab);
            writeln!(f, "  {}", escape_lines(&line))?;
        }
        if !self.unknown.is_empty() {
            writeln!(f, "\nnot in the roster: {}", self.unknown.len())?;
        }
        for (lab, name) in &self.unknown {
            writeln!(f, "  {}", escape_lines(&format!("{lab}: {name}")))?;
        }
        if !self.canvas.is_empty() {
            let assignments = escape_lines(&self.canvas.join(", "));
            writeln!(f, "\ncanvas.csv: {assignments}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    #[test]
    fn points_have_two_decimals_at_the_most() {
        for (score, max, worth, text) in [
            (7, 10, 10, "7"),
            (7, 10, 5, "3.5"),
            (1, 3, 10, "3.33"),
            (2, 3, 10, "6.67"),
            (1, 8, 1, "0.13"),
            (0, 3, 10, "0"),
            (0, 0, 10, "0"),
            (u32::MAX, u32::MAX, u32::MAX, "4294967295"),
        ] {
            let points = Points::scaled(score, max, worth);
            assert_eq!(points.to_string(), text, "{score} of {max}");
        }
    }
}
