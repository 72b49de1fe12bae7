//! Whether a lab keeps its promises: the starter fails, the solutions get full marks, and
//! every wrong variant fails exactly what it names.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::grade::{GradeError, GradeOptions};
use crate::lab::Lab;
use crate::manifest::Rule;
use crate::result::{GradeResult, Language, Verdict};

/// What the first lines of a wrong variant begin with.
const HEADER: &str = "// siglab-wrong:";

/// How many lines of a wrong variant may come before its header is over.
const HEADER_LINES: usize = 10;

/// What checking a lab gave.
#[derive(Debug)]
pub struct LabReport {
    /// The lab's id.
    pub lab: String,
    /// Every file that was graded.
    pub files: Vec<CheckedFile>,
    /// What is wrong with the lab as a whole.
    pub problems: Vec<Problem>,
}

impl LabReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.problems.is_empty() && self.files.iter().all(|file| file.problems.is_empty())
    }
}

/// One of a lab's files.
#[derive(Debug)]
pub struct CheckedFile {
    /// The file, relative to the lab's folder where it is inside.
    pub path: PathBuf,
    /// What it is.
    pub part: Part,
    /// Why it is wrong, in its author's words; of wrong variants.
    pub because: Option<String>,
    /// What grading it gave; absent if it couldn't be graded.
    pub result: Option<GradeResult>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What a file of a lab is.
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

/// What is wrong with a lab.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The starter gets full marks.
    #[error("the starter gets full marks")]
    StarterPasses,
    /// The starter fails what it should pass as it was handed out.
    #[error("the starter fails {}; it must build and be unchanged", .failed.join(", "))]
    StarterFails {
        /// What it fails.
        failed: Vec<String>,
    },
    /// A solution doesn't get full marks.
    #[error("this solution fails {}", .failed.join(", "))]
    SolutionFails {
        /// What it fails.
        failed: Vec<String>,
    },
    /// A wrong variant doesn't say what it fails.
    #[error("the first lines lack `{HEADER} fails = ...`")]
    NoFails,
    /// A wrong variant doesn't say why.
    #[error("the first lines lack `{HEADER} because = ...`")]
    NoBecause,
    /// A wrong variant names a criterion that the lab doesn't have.
    #[error("it names `{0}`, but the lab has no such criterion")]
    UnknownCriterion(String),
    /// A wrong variant doesn't fail what it names.
    #[error("it should fail {}, and doesn't", .0.join(", "))]
    NotFailed(Vec<String>),
    /// A wrong variant fails what it doesn't name.
    #[error("it fails {}, and doesn't say so", .0.join(", "))]
    FailedToo(Vec<String>),
    /// There is a starter in this language, but no solution.
    #[error("there is a starter in {0}, but no solution")]
    NoSolution(Language),
    /// There is a solution in this language, but no starter, although others have one.
    #[error("there is a solution in {0}, but no starter")]
    NoStarter(Language),
    /// There is no solution at all.
    #[error("there is no solution")]
    NoSolutionAtAll,
    /// A file can't be graded.
    #[error("{0}")]
    Unreadable(String),
}

impl Lab {
    /// Grades the lab's own files: the starter must fail, every solution must get full
    /// marks, every wrong variant must fail exactly what it names.
    ///
    /// # Errors
    /// If grading can't take place at all; what is wrong with the lab is in the report.
    pub fn check(&self, options: &GradeOptions) -> Result<LabReport, GradeError> {
        let files = &self.manifest.files;
        let mut report = LabReport {
            lab: self.id().to_owned(),
            files: Vec::new(),
            problems: Vec::new(),
        };
        for path in self.sources(&files.starter)? {
            report
                .files
                .push(self.check_file(&path, Part::Starter, options)?);
        }
        for solution in &files.solution {
            for path in self.sources(solution)? {
                report
                    .files
                    .push(self.check_file(&path, Part::Solution, options)?);
            }
        }
        for path in self.sources(&files.wrong)? {
            report
                .files
                .push(self.check_file(&path, Part::Wrong, options)?);
        }
        report.problems = whole(&report.files);
        Ok(report)
    }

    /// The C and Rust files in a folder of the lab, sorted; or the one file. None if
    /// there is no such folder.
    fn sources(&self, folder: &Path) -> Result<Vec<PathBuf>, GradeError> {
        let folder = self.dir().join(folder);
        let read_error = |source| GradeError::Read {
            path: folder.clone(),
            source,
        };
        if folder.is_file() {
            return Ok(vec![folder]);
        }
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(read_error(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(read_error)?.path();
            if language(&path).is_some() {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn check_file(
        &self,
        path: &Path,
        part: Part,
        options: &GradeOptions,
    ) -> Result<CheckedFile, GradeError> {
        let mut file = CheckedFile {
            path: path.strip_prefix(self.dir()).unwrap_or(path).to_owned(),
            part,
            because: None,
            result: None,
            problems: Vec::new(),
        };
        let submission = match self.submission(path) {
            Ok(submission) => submission,
            Err(error) => {
                file.problems.push(Problem::Unreadable(error.to_string()));
                return Ok(file);
            }
        };
        let result = self.grade(&submission, options)?.result;
        match part {
            Part::Starter => file.problems = self.check_starter(&result),
            Part::Solution => {
                let failed = failed(&result);
                if !failed.is_empty() {
                    file.problems.push(Problem::SolutionFails { failed });
                }
            }
            Part::Wrong => {
                file.because = header(&submission.source, "because").map(str::to_owned);
                file.problems = self.check_wrong(&submission.source, &result);
            }
        }
        file.result = Some(result);
        Ok(file)
    }

    /// What is wrong with the starter.
    fn check_starter(&self, result: &GradeResult) -> Vec<Problem> {
        let mut problems = Vec::new();
        if result.full_marks() {
            problems.push(Problem::StarterPasses);
        }
        let mut failed = failed(result);
        failed.retain(|id| {
            let criterion = self.manifest.criterion(id);
            criterion.is_some_and(|it| matches!(it.rule, Rule::Builds | Rule::Unchanged { .. }))
        });
        if !failed.is_empty() {
            problems.push(Problem::StarterFails { failed });
        }
        problems
    }

    /// What is wrong with a wrong variant.
    fn check_wrong(&self, source: &str, result: &GradeResult) -> Vec<Problem> {
        let mut problems = Vec::new();
        if header(source, "because").is_none_or(str::is_empty) {
            problems.push(Problem::NoBecause);
        }
        let named: Vec<String> = header(source, "fails")
            .unwrap_or_default()
            .split(',')
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect();
        if named.is_empty() {
            problems.push(Problem::NoFails);
            return problems;
        }
        for id in &named {
            if self.manifest.criterion(id).is_none() {
                problems.push(Problem::UnknownCriterion(id.clone()));
            }
        }
        let failed = failed(result);
        let without = |all: &[String], others: &[String]| -> Vec<String> {
            all.iter()
                .filter(|id| !others.contains(id))
                .cloned()
                .collect()
        };
        let not_failed = without(&named, &failed);
        if !not_failed.is_empty() {
            problems.push(Problem::NotFailed(not_failed));
        }
        let failed_too = without(&failed, &named);
        if !failed_too.is_empty() {
            problems.push(Problem::FailedToo(failed_too));
        }
        problems
    }
}

/// What is wrong with the lab as a whole.
fn whole(files: &[CheckedFile]) -> Vec<Problem> {
    let has = |part, wanted| {
        files
            .iter()
            .any(|file| file.part == part && language(&file.path) == Some(wanted))
    };
    let has_any = |part| files.iter().any(|file| file.part == part);
    let mut problems = Vec::new();
    if !has_any(Part::Solution) {
        problems.push(Problem::NoSolutionAtAll);
        return problems;
    }
    for wanted in Language::ALL {
        match (has(Part::Starter, wanted), has(Part::Solution, wanted)) {
            (true, false) => problems.push(Problem::NoSolution(wanted)),
            // Without any starter the lab only demonstrates.
            (false, true) if has_any(Part::Starter) => problems.push(Problem::NoStarter(wanted)),
            _ => {}
        }
    }
    problems
}

fn language(path: &Path) -> Option<Language> {
    Language::ALL.into_iter().find(|language| {
        path.extension()
            .is_some_and(|it| it == language.extension())
    })
}

/// The ids of all criteria that were tried and don't hold.
fn failed(result: &GradeResult) -> Vec<String> {
    result
        .criteria
        .iter()
        .filter(|criterion| matches!(criterion.verdict, Verdict::Fail | Verdict::Error))
        .map(|criterion| criterion.id.clone())
        .collect()
}

/// The value of `key` in the header of a wrong variant.
fn header<'a>(source: &'a str, key: &str) -> Option<&'a str> {
    source.lines().take(HEADER_LINES).find_map(|line| {
        let entry = line.trim().strip_prefix(HEADER)?;
        let (name, value) = entry.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CheckedFile, Part, Problem, header, whole};
    use crate::lab::Lab;
    use crate::result::{GradeResult, Language, Verdict};

    fn terminator() -> Lab {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises/terminator");
        Lab::load(Path::new(dir)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A result in which these criteria fail.
    fn failing(lab: &Lab, failed: &[&str]) -> GradeResult {
        let criteria = lab.manifest.criteria.iter().map(|criterion| {
            let verdict = if failed.contains(&criterion.id.as_str()) {
                "fail"
            } else {
                "pass"
            };
            serde_json::json!({
                "id": criterion.id, "title": criterion.title, "verdict": verdict, "points": 0,
                "max_points": criterion.points, "informational": criterion.informational,
            })
        });
        let result = serde_json::json!({
            "schema": "siglab/result/v1", "lab": lab.id(), "language": "c", "score": 0,
            "max_score": 10, "status": "graded", "criteria": criteria.collect::<Vec<_>>(),
        });
        serde_json::from_value(result).expect("it is a result")
    }

    #[test]
    fn the_graded_lab_is_worth_ten_points() {
        let lab = terminator();
        assert_eq!(lab.manifest.max_score(), 10);
        let none = failing(&lab, &[]);
        assert!(none.full_marks());
        assert!(failing(&lab, &["stop-is-not-exit"]).full_marks());
        assert!(!failing(&lab, &["builds"]).full_marks());
        let verdict = none.criterion("builds").map(|it| it.verdict);
        assert_eq!(verdict, Some(Verdict::Pass));
    }

    #[test]
    fn wrong_variants_fail_exactly_what_they_name() {
        let lab = terminator();
        let check = |header: &str, failed: &[&str]| lab.check_wrong(header, &failing(&lab, failed));
        let both = "// siglab-wrong: fails = builds, reaps-child\n// siglab-wrong: because = so.\n";
        assert_eq!(check(both, &["builds", "reaps-child"]), []);
        assert_eq!(
            check(both, &["reaps-child", "stop-is-not-exit"]),
            [
                Problem::NotFailed(vec!["builds".into()]),
                Problem::FailedToo(vec!["stop-is-not-exit".into()]),
            ]
        );
        assert_eq!(
            check("int main(void) { }", &[]),
            [Problem::NoBecause, Problem::NoFails]
        );
        let unknown = "// siglab-wrong: because = so.\n// siglab-wrong: fails = build\n";
        assert_eq!(
            check(unknown, &["build"])[0],
            Problem::UnknownCriterion("build".into())
        );
    }

    #[test]
    fn headers_are_at_the_top() {
        let source = format!("{}// siglab-wrong: fails = a\n", "\n".repeat(10));
        assert_eq!(header(&source, "fails"), None);
        assert_eq!(header(&source[1..], "fails"), Some("a"));
    }

    #[test]
    fn a_lab_needs_solutions_for_its_starters() {
        let file = |path: &str, part| CheckedFile {
            path: path.into(),
            part,
            because: None,
            result: None,
            problems: Vec::new(),
        };
        assert_eq!(whole(&[]), [Problem::NoSolutionAtAll]);
        let demonstration = [file("a.c", Part::Solution)];
        assert_eq!(whole(&demonstration), []);
        let lopsided = [file("s/a.c", Part::Starter), file("a.rs", Part::Solution)];
        assert_eq!(
            whole(&lopsided),
            [
                Problem::NoSolution(Language::C),
                Problem::NoStarter(Language::Rust),
            ]
        );
    }
}
