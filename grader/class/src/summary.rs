//! A class in numbers: for the instructor, and for the gradebook.

mod markdown;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use siglab_lab::{GradeResult, Status, Verdict};

use crate::intake::roster::Student;

/// The name and version of the serialised form of [`Summary`].
pub const CLASS_SCHEMA: &str = "siglab/class/v1";

/// Names of files in a results folder.
#[cfg(feature = "store")]
pub(crate) const SCORES: &str = "scores.csv";
#[cfg(feature = "store")]
pub(crate) const SUMMARY: &str = "summary.json";
#[cfg(feature = "store")]
pub(crate) const SUMMARY_TEXT: &str = "summary.txt";
#[cfg(feature = "store")]
pub(crate) const SUMMARY_MARKDOWN: &str = "summary.md";

/// A class in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    schema: &'static str,
    /// The lab's id.
    pub lab: String,
    /// The part of the class, if it isn't all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How many submissions there are.
    pub submissions: usize,
    /// How many have each status.
    pub statuses: BTreeMap<&'static str, usize>,
    /// Points that can be reached.
    pub max_score: u32,
    /// How many have each score; those that could not be graded aside.
    pub scores: BTreeMap<u32, usize>,
    /// The mean score, in points; absent if nothing has a score.
    pub mean: Option<f64>,
    /// The median score, in points.
    pub median: Option<f64>,
    /// Each criterion, in the manifest's order.
    pub criteria: Vec<CriterionCount>,
    /// Each diagnosis, the most frequent first.
    pub diagnoses: Vec<DiagnosisCount>,
    /// What could not be graded, and why.
    pub not_graded: Vec<Reasoned>,
    /// What wasn't something that can be compiled, and why.
    pub refused: Vec<Reasoned>,
    /// Students of the roster who handed nothing in.
    pub missing: Vec<Student>,
    /// Submissions of nobody in the roster.
    pub unknown: Vec<String>,
    /// Students who handed several submissions in.
    pub several: Vec<Several>,
    /// The file for the learning platform, if the roster is one that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradebook: Option<GradebookCount>,
}

/// How much of a gradebook is filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GradebookCount {
    /// The file's name in the results folder.
    pub file: &'static str,
    /// The assignment's column, for Canvas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment: Option<String>,
    /// How many students got a score.
    pub scores: usize,
    /// How many didn't: they keep what the roster has.
    pub without: usize,
}

/// How often a criterion holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriterionCount {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Points for it.
    pub max_points: u32,
    /// How many submissions have each verdict.
    pub verdicts: BTreeMap<&'static str, usize>,
}

/// How often a diagnosis was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosisCount {
    /// The id of the criterion.
    pub criterion: String,
    /// The diagnosis's.
    pub diagnosis: String,
    /// How many submissions have it.
    pub count: usize,
}

/// A submission and a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reasoned {
    /// The submission's name.
    pub name: String,
    /// The reason.
    pub reason: String,
}

/// A student with several submissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Several {
    /// Who.
    pub student: Student,
    /// The submissions' names.
    pub submissions: Vec<String>,
}

/// A status as it is written in results.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Graded => "graded",
        Status::CompileError => "compile-error",
        Status::Refused => "refused",
        Status::InternalError => "internal-error",
    }
}

/// A verdict as it is written in results.
pub(crate) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Error => "error",
        Verdict::Skipped => "skipped",
    }
}

/// Counts one result after another, and forgets it.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    lab: String,
    max_score: u32,
    submissions: usize,
    statuses: BTreeMap<&'static str, usize>,
    scores: BTreeMap<u32, usize>,
    criteria: Vec<CriterionCount>,
    diagnoses: BTreeMap<(String, String), usize>,
    not_graded: Vec<Reasoned>,
    refused: Vec<Reasoned>,
    unknown: Vec<String>,
    students: BTreeMap<Student, Vec<String>>,
}

impl Counter {
    /// Counts the result of the submission with this name.
    pub(crate) fn count(&mut self, name: &str, student: Option<&Student>, result: &GradeResult) {
        self.lab.clone_from(&result.lab);
        self.max_score = result.max_score;
        self.submissions += 1;
        *self.statuses.entry(status_name(result.status)).or_default() += 1;
        match student {
            Some(student) => {
                let names = self.students.entry(student.clone()).or_default();
                names.push(name.to_owned());
            }
            None => self.unknown.push(name.to_owned()),
        }
        let reasoned = || Reasoned {
            name: name.to_owned(),
            reason: result.message.clone().unwrap_or_default(),
        };
        match result.status {
            Status::InternalError => self.not_graded.push(reasoned()),
            Status::Refused => self.refused.push(reasoned()),
            Status::Graded | Status::CompileError => {}
        }
        if result.status != Status::InternalError {
            *self.scores.entry(result.score).or_default() += 1;
        }
        for criterion in &result.criteria {
            let known = self.criteria.iter().position(|it| it.id == criterion.id);
            let at = known.unwrap_or_else(|| {
                self.criteria.push(CriterionCount {
                    id: criterion.id.clone(),
                    title: criterion.title.clone(),
                    max_points: criterion.max_points,
                    verdicts: BTreeMap::new(),
                });
                self.criteria.len() - 1
            });
            let verdict = verdict_name(criterion.verdict);
            *self.criteria[at].verdicts.entry(verdict).or_default() += 1;
            if let Some(diagnosis) = &criterion.diagnosis {
                let key = (criterion.id.clone(), diagnosis.id.clone());
                *self.diagnoses.entry(key).or_default() += 1;
            }
        }
    }

    /// The class in numbers, with the `roster` of the course; an empty one is none.
    pub(crate) fn finish(mut self, roster: &[Student], shard: Option<String>) -> Summary {
        let mut diagnoses: Vec<DiagnosisCount> = self
            .diagnoses
            .into_iter()
            .map(|((criterion, diagnosis), count)| DiagnosisCount {
                criterion,
                diagnosis,
                count,
            })
            .collect();
        diagnoses.sort_by_key(|it| std::cmp::Reverse(it.count));
        // Of a part of a class nobody can say who is missing from it.
        let missing = roster
            .iter()
            .filter(|it| shard.is_none() && !self.students.contains_key(it));
        if roster.is_empty() {
            self.unknown.clear();
        }
        let several = self.students.iter().filter(|(_, names)| names.len() > 1);
        Summary {
            schema: CLASS_SCHEMA,
            lab: self.lab,
            submissions: self.submissions,
            statuses: self.statuses,
            max_score: self.max_score,
            mean: mean(&self.scores),
            median: median(&self.scores),
            scores: self.scores,
            criteria: self.criteria,
            diagnoses,
            not_graded: self.not_graded,
            refused: self.refused,
            missing: missing.cloned().collect(),
            unknown: self.unknown,
            several: several
                .map(|(student, names)| Several {
                    student: student.clone(),
                    submissions: names.clone(),
                })
                .collect(),
            shard,
            gradebook: None,
        }
    }
}

/// Submissions or students that need somebody's attention, and why.
struct Section {
    title: &'static str,
    /// Who or what, and more about it; neither is escaped yet.
    lines: Vec<(String, String)>,
}

impl Summary {
    /// What needs somebody's attention; nothing that is empty.
    fn sections(&self) -> Vec<Section> {
        let reasoned = |list: &[Reasoned]| {
            let line = |it: &Reasoned| (it.name.clone(), it.reason.clone());
            list.iter().map(line).collect()
        };
        let mut sections = vec![
            Section {
                title: "could not be graded",
                lines: reasoned(&self.not_graded),
            },
            Section {
                title: "refused",
                lines: reasoned(&self.refused),
            },
            Section {
                title: "handed nothing in",
                lines: self
                    .missing
                    .iter()
                    .map(|it| (format!("{} ({})", it.name, it.id), String::new()))
                    .collect(),
            },
            Section {
                title: "not in the roster",
                lines: self
                    .unknown
                    .iter()
                    .map(|it| (it.clone(), String::new()))
                    .collect(),
            },
            Section {
                title: "several submissions",
                lines: self
                    .several
                    .iter()
                    .map(|it| (it.student.name.clone(), it.submissions.join(", ")))
                    .collect(),
            },
        ];
        sections.retain(|section| !section.lines.is_empty());
        sections
    }

    /// Of which lab, or part of a class, how many submissions there are.
    fn title(&self) -> String {
        let shard = self.shard.as_ref();
        let shard = shard.map_or(String::new(), |it| format!(", shard {it}"));
        let statuses = self.statuses.iter();
        let statuses: Vec<String> = statuses
            .map(|(it, count)| format!("{count} {it}"))
            .collect();
        let statuses = match statuses[..] {
            [] => String::new(),
            _ => format!(" ({})", statuses.join(", ")),
        };
        format!(
            "{}{shard}: {} submissions{statuses}",
            self.lab, self.submissions
        )
    }

    /// The mean and the median, if there are any scores.
    fn middle(&self) -> Option<String> {
        let (mean, median) = (self.mean?, self.median?);
        let of = self.max_score;
        Some(format!("mean {mean:.2}, median {median} of {of} points"))
    }

    /// How often a criterion holds, doesn't, and wasn't decided.
    fn verdicts(criterion: &CriterionCount) -> [usize; 3] {
        let count = |verdict| criterion.verdicts.get(verdict).copied().unwrap_or(0);
        [
            count("pass"),
            count("fail"),
            count("error") + count("skipped"),
        ]
    }

    /// What was wrong with a criterion, the most frequent first.
    fn diagnoses_of(&self, criterion: &str) -> impl Iterator<Item = &DiagnosisCount> {
        let diagnoses = self.diagnoses.iter();
        diagnoses.filter(move |it| it.criterion == criterion)
    }
}

impl GradebookCount {
    /// In a line, not escaped yet.
    fn line(&self) -> String {
        let assignment = self.assignment.as_ref();
        let column = assignment.map_or(String::new(), |it| format!(", {it}"));
        let (file, scores, without) = (self.file, self.scores, self.without);
        format!("{file}{column}: {scores} with a score, {without} without")
    }
}

fn mean(scores: &BTreeMap<u32, usize>) -> Option<f64> {
    let count: usize = scores.values().sum();
    let sum: f64 = scores
        .iter()
        .map(|(score, count)| f64::from(*score) * *count as f64)
        .sum();
    (count > 0).then(|| (sum / count as f64 * 100.0).round() / 100.0)
}

fn median(scores: &BTreeMap<u32, usize>) -> Option<f64> {
    let count: usize = scores.values().sum();
    let nth = |n: usize| {
        let mut seen = 0;
        scores.iter().find_map(|(score, count)| {
            seen += count;
            (n < seen).then_some(f64::from(*score))
        })
    };
    Some((nth(count.checked_sub(1)? / 2)? + nth(count / 2)?) / 2.0)
}

#[cfg(feature = "store")]
pub(crate) use stored::cell;

#[cfg(feature = "store")]
mod stored {
    use super::{Counter, Summary, status_name};
    use crate::error::ClassError;
    use crate::shard::Shard;
    use crate::store::Store;

    /// The columns of the table of scores; one for each criterion comes after them.
    const FIXED: [&str; 9] = [
        "submission",
        "student_id",
        "student",
        "language",
        "status",
        "score",
        "max_score",
        "late",
        "reason",
    ];

    impl Summary {
        /// Sums up what is in `store`; with it the table of scores, as CSV.
        pub(crate) fn of(
            store: &Store,
            shard: Option<Shard>,
        ) -> Result<(Self, Vec<u8>), ClassError> {
            let mut counter = Counter {
                lab: store.note("lab")?.unwrap_or_default(),
                ..Counter::default()
            };
            let mut scores = csv::Writer::from_writer(Vec::new());
            let mut columns = 0;
            let internal = |error: csv::Error| ClassError::Internal(error.to_string());
            store.read(|row, result| {
                counter.count(&row.name, row.student.as_ref(), result);
                let student = row.student.as_ref();
                if columns == 0 {
                    let criteria = result.criteria.iter().map(|it| it.id.as_str());
                    let header: Vec<&str> = FIXED.into_iter().chain(criteria).collect();
                    columns = header.len();
                    scores.write_record(&header).map_err(internal)?;
                }
                let mut record = vec![
                    cell(&row.name),
                    cell(student.map_or("", |it| &it.id)),
                    cell(student.map_or(&row.who, |it| &it.name)),
                    result.language.map_or(String::new(), |it| it.to_string()),
                    status_name(result.status).to_owned(),
                    // What could not be graded has no score, rather than a bad one.
                    match crate::grade::is_verdict(result) {
                        true => result.score.to_string(),
                        false => String::new(),
                    },
                    result.max_score.to_string(),
                    if row.late { "late" } else { "" }.to_owned(),
                    cell(result.message.as_deref().unwrap_or_default()),
                ];
                record.extend(result.criteria.iter().map(|it| it.points.to_string()));
                record.resize(columns, String::new());
                scores.write_record(&record).map_err(internal)
            })?;
            if columns == 0 {
                columns = FIXED.len();
                scores.write_record(FIXED).map_err(internal)?;
            }
            let summary = counter.finish(&store.roster()?, shard.map(|it| it.to_string()));
            for student in &summary.missing {
                let (id, name) = (cell(&student.id), cell(&student.name));
                let max_score = summary.max_score.to_string();
                let mut record = vec!["", &id, &name, "", "missing", "", &max_score];
                record.resize(columns, "");
                scores.write_record(&record).map_err(internal)?;
            }
            let scores = scores
                .into_inner()
                .map_err(|error| ClassError::Internal(error.to_string()))?;
            Ok((summary, scores))
        }
    }

    /// Text that others wrote, in a form that no spreadsheet takes for a formula.
    pub(crate) fn cell(text: &str) -> String {
        let line = text.replace(['\r', '\n', '\t'], " ");
        if line.starts_with(['=', '+', '-', '@']) {
            format!("'{line}")
        } else {
            line
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{mean, median};

    #[test]
    fn means_and_medians() {
        for (scores, expected) in [
            (&[] as &[(u32, usize)], (None, None)),
            (&[(7, 1)], (Some(7.0), Some(7.0))),
            (&[(0, 1), (10, 1)], (Some(5.0), Some(5.0))),
            (&[(0, 2), (9, 1)], (Some(3.0), Some(0.0))),
            (&[(1, 1), (2, 1), (10, 2)], (Some(5.75), Some(6.0))),
        ] {
            let scores = scores.iter().copied().collect();
            assert_eq!((mean(&scores), median(&scores)), expected, "{scores:?}");
        }
    }
}
