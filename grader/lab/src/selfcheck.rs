//! Whether a lab keeps its promises: the starter fails, the solutions get full marks, and
//! every wrong variant fails exactly what it names.

use std::env;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use siglab_engine::Error;
use siglab_sandbox::Temporary;

use crate::compile::CompileError;
use crate::grade::{GradeError, GradeOptions};
use crate::lab::Lab;
use crate::manifest::Rule;
use crate::result::{GradeResult, Language, Verdict};
use crate::variant::{Part, Variant, fails, header, language};

/// What the first lines of a wrong variant begin with.
const HEADER: &str = "// siglab-wrong:";

/// What checking a lab gave.
#[derive(Debug)]
pub struct LabReport {
    /// The lab's id.
    pub lab: String,
    /// Every program that was graded.
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

/// One of a lab's programs.
#[derive(Debug)]
pub struct CheckedFile {
    /// What it is called, relative to the lab's folder.
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
    /// The starter isn't what it is made to be.
    #[error(
        "the starter isn't the original with the functions empty that [files] names; write it with \
         `siglab lab show {lab} {file} > {file}` in the lab's folder"
    )]
    StarterDiffers {
        /// The lab.
        lab: String,
        /// The starter's file.
        file: String,
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
    /// There is no program to grade.
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
        let variants = self.variants()?;
        let parent = options.temporary.clone().unwrap_or_else(env::temp_dir);
        let folder = Temporary::new_in("", &parent).map_err(|source| CompileError::Io {
            operation: "make a folder in",
            path: parent,
            source,
        })?;
        // Several files at the same time, each with a share of the processors: compilers and most
        // of grading keep one busy.
        let all = options.jobs.map_or_else(available, NonZeroUsize::get);
        let workers = all.min(variants.len()).max(1);
        let options = &GradeOptions {
            jobs: NonZeroUsize::new((all / workers).max(1)),
            ..options.clone()
        };
        let next = AtomicUsize::new(0);
        let mut files = thread::scope(|scope| {
            let work = || {
                let mut checked = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(variant) = variants.get(index) else {
                        return Ok(checked);
                    };
                    checked.push((index, self.check_variant(variant, folder.path(), options)?));
                }
            };
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let mut files = Vec::new();
            for worker in running {
                files.extend(worker.join().unwrap_or_else(|_| {
                    Err(GradeError::Engine(Error::Internal(
                        "checking a file panicked".into(),
                    )))
                })?);
            }
            Ok::<_, GradeError>(files)
        })?;
        files.sort_by_key(|(index, _)| *index);
        let files: Vec<CheckedFile> = files.into_iter().map(|(_, file)| file).collect();
        Ok(LabReport {
            lab: self.id().to_owned(),
            problems: whole(&files),
            files,
        })
    }

    fn check_variant(
        &self,
        variant: &Variant,
        folder: &Path,
        options: &GradeOptions,
    ) -> Result<CheckedFile, GradeError> {
        let mut file = CheckedFile {
            path: variant.path.clone(),
            part: variant.part,
            because: None,
            result: None,
            problems: Vec::new(),
        };
        let text = match &variant.text {
            Ok(text) => text,
            Err(error) => {
                file.problems.push(Problem::Unreadable(error.to_string()));
                return Ok(file);
            }
        };
        let submission = variant.submission(text, self, folder)?;
        let result = self.grade(&submission, options)?.result;
        match variant.part {
            Part::Starter => {
                file.problems = self.check_starter(&result);
                if let Some(path) = self.differing_starter(variant) {
                    file.problems.push(Problem::StarterDiffers {
                        lab: self.id().to_owned(),
                        file: path.display().to_string(),
                    });
                }
            }
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
        let named = fails(source);
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

fn available() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
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
    if has(Part::Starter, Language::Predictions) {
        // The answers are computed; what are called solutions are the programs that are asked about.
        return problems;
    }
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

/// The ids of all criteria that were tried and don't hold.
fn failed(result: &GradeResult) -> Vec<String> {
    result
        .criteria
        .iter()
        .filter(|criterion| matches!(criterion.verdict, Verdict::Fail | Verdict::Error))
        .map(|criterion| criterion.id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CheckedFile, Part, Problem, whole};
    use crate::lab::Lab;
    use crate::result::{GradeResult, Language, Verdict};

    fn terminator() -> Lab {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../exercises/terminator");
        Lab::load(Path::new(dir)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A result in which these criteria fail.
    fn failing(lab: &Lab, failed: &[&str]) -> GradeResult {
        let criteria = lab.manifest.criteria.iter().map(|criterion| {
            let (verdict, points) = if failed.contains(&criterion.id.as_str()) {
                ("fail", 0)
            } else {
                ("pass", criterion.points)
            };
            serde_json::json!({
                "id": criterion.id, "title": criterion.title, "verdict": verdict, "points": points,
                "max_points": criterion.points, "informational": criterion.informational,
            })
        });
        let criteria: Vec<_> = criteria.collect();
        let score: u64 = criteria.iter().filter_map(|it| it["points"].as_u64()).sum();
        let result = serde_json::json!({
            "schema": "siglab/result/v1", "lab": lab.id(), "language": "c", "score": score,
            "max_score": 10, "status": "graded", "criteria": criteria,
        });
        serde_json::from_value(result).expect("it is a result")
    }

    #[test]
    fn the_graded_lab_is_worth_ten_points() {
        let lab = terminator();
        assert_eq!(lab.manifest.max_score(), 10);
        let none = failing(&lab, &[]);
        assert!(none.full_marks());
        assert!(failing(&lab, &["stop-in-window"]).full_marks());
        assert!(!failing(&lab, &["stop-is-not-exit"]).full_marks());
        let unsafe_handler = failing(&lab, &["signal-safe"]);
        assert!(unsafe_handler.full_marks() && !unsafe_handler.all_hold());
        let advice: Vec<_> = unsafe_handler.advice().map(|it| it.id.as_str()).collect();
        assert_eq!(advice, ["signal-safe"]);
        assert!(!failing(&lab, &["child-unchanged"]).full_marks());
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
