//! The gradebook: a roster that a learning platform exported, for it to take back with scores.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use siglab_lab::Lab;
use siglab_report::class::{
    CanvasExport, MoodleWorksheet, Score, Scores, Sheet, SheetError, assignment_name, feedback,
};

use crate::error::ClassError;
use crate::intake::roster::{Roster, Student};
use crate::store::Store;
use crate::summary::GradebookCount;

/// The name of the file for Canvas.
pub(crate) const CANVAS: &str = "canvas.csv";
/// The name of the file for Moodle.
const MOODLE: &str = "moodle.csv";

/// The files that there may be.
pub(crate) const FILES: [&str; 2] = [CANVAS, MOODLE];

/// Under what it is noted in the store.
pub(crate) const NOTE: &str = "gradebook";

/// All that is needed to write the file for the platform, wherever the results are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gradebook {
    /// The roster as it was given.
    roster: String,
    /// The heading of the assignment's column, for Canvas; absent for Moodle.
    assignment: Option<String>,
    /// The scenarios that aren't hidden.
    shown: BTreeSet<String>,
}

/// What a roster is good for besides names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Nothing.
    NoGradebook,
    /// A file for the platform.
    Gradebook(Gradebook),
    /// It would be, if one of these assignments were named.
    Unclear(Vec<String>),
}

/// A file for a platform.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) csv: String,
    pub(crate) count: GradebookCount,
}

impl Gradebook {
    /// Finds out what `roster` is. `assignment` names the column, with or without Canvas's
    /// number; absent, it is the one that is called like the lab.
    ///
    /// # Errors
    /// If an assignment is named and there is no one column for it.
    pub(crate) fn choose(
        lab: &Lab,
        roster: &Roster,
        assignment: Option<&str>,
    ) -> Result<Choice, ClassError> {
        let unfit = |why: String, hint: String| ClassError::Gradebook {
            path: roster.path.clone(),
            why,
            hint,
        };
        let sheet = Sheet::read(&roster.text).map_err(internal)?;
        let shown = lab.manifest.scenarios.iter().filter(|it| !it.hidden);
        let gradebook = |assignment: Option<&str>| Self {
            roster: roster.text.clone(),
            assignment: assignment.map(str::to_owned),
            shown: shown.clone().map(|it| it.id.clone()).collect(),
        };
        let export = match CanvasExport::recognise(&sheet) {
            Ok(export) => export,
            Err(why) => {
                let is_moodle = MoodleWorksheet::recognise(&sheet).is_ok();
                return match assignment {
                    None if is_moodle => Ok(Choice::Gradebook(gradebook(None))),
                    None => Ok(Choice::NoGradebook),
                    Some(_) if is_moodle => Err(unfit(
                        "it is a grading worksheet from Moodle, which is for one assignment".into(),
                        "leave --gradebook out: moodle.csv is written all the same".into(),
                    )),
                    Some(_) => Err(unfit(
                        format!("it is no gradebook exported from Canvas: {why}"),
                        "export the gradebook from Canvas and give that to --roster, or leave \
                         --gradebook out"
                            .into(),
                    )),
                };
            }
        };
        let assignments = export.assignments();
        let found: Vec<&str> = match assignment.map(str::trim) {
            Some(named) => {
                let is_it = |it: &&str| *it == named || assignment_name(it) == named;
                assignments.iter().copied().filter(is_it).collect()
            }
            None => {
                let names = [folded(lab.id()), folded(&lab.manifest.title)];
                let is_it = |it: &&str| names.contains(&folded(assignment_name(it)));
                assignments.iter().copied().filter(is_it).collect()
            }
        };
        let list = |names: &[&str]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        match (&found[..], assignment) {
            ([one], _) => Ok(Choice::Gradebook(gradebook(Some(one)))),
            (_, None) => Ok(Choice::Unclear(
                assignments.into_iter().map(str::to_owned).collect(),
            )),
            ([], Some(named)) => Err(unfit(
                format!(
                    "it has no assignment `{}`; its assignments are: {}",
                    named.trim(),
                    list(&assignments)
                ),
                "name one of these with --gradebook, or make the assignment in Canvas and export \
                 the gradebook again"
                    .into(),
            )),
            (several, Some(named)) => Err(unfit(
                format!("several assignments are called `{}`", named.trim()),
                format!("name one with its number: {}", list(several)),
            )),
        }
    }

    /// What is noted in `store`.
    pub(crate) fn noted(store: &Store) -> Result<Option<Self>, ClassError> {
        let noted = store.note(NOTE)?;
        noted
            .map(|text| serde_json::from_str(&text).map_err(internal))
            .transpose()
    }

    /// Its form in the store.
    pub(crate) fn note(&self) -> Result<String, ClassError> {
        serde_json::to_string(self).map_err(internal)
    }

    /// The file for the platform, with the scores that are in `store`: of every student with
    /// one submission that could be graded.
    pub(crate) fn fill(&self, store: &Store) -> Result<Filled, ClassError> {
        let roster = Roster::parse(&self.roster).map_err(ClassError::Internal)?;
        let scores = self.scores(store, &roster)?;
        let sheet = Sheet::read(&self.roster).map_err(internal)?;
        let (file, csv) = match &self.assignment {
            Some(assignment) => {
                let export = CanvasExport::recognise(&sheet).map_err(internal)?;
                (CANVAS, export.fill(&[(assignment, &scores)]))
            }
            None => {
                let worksheet = MoodleWorksheet::recognise(&sheet).map_err(internal)?;
                (MOODLE, worksheet.fill(&scores))
            }
        };
        Ok(Filled {
            csv: csv.map_err(|error: SheetError| internal(error))?,
            count: GradebookCount {
                file,
                assignment: self.assignment.clone(),
                scores: scores.len(),
                without: roster.students.len() - scores.len(),
            },
        })
    }

    /// The scores in `store` by the lines of `roster`.
    fn scores(&self, store: &Store, roster: &Roster) -> Result<Scores, ClassError> {
        let mut by_student: BTreeMap<Student, Vec<Option<Score>>> = BTreeMap::new();
        store.read(|row, result| {
            let score = crate::grade::is_verdict(result).then(|| Score {
                points: result.score,
                max_points: result.max_score,
                feedback: match self.assignment {
                    // Canvas takes nothing but scores.
                    Some(_) => String::new(),
                    None => feedback(result, &self.shown),
                },
            });
            if let Some(student) = &row.student {
                by_student.entry(student.clone()).or_default().push(score);
            }
            Ok(())
        })?;
        let mut lines: BTreeMap<&Student, Vec<usize>> = BTreeMap::new();
        for (student, line) in roster.with_lines() {
            lines.entry(student).or_default().push(line);
        }
        let mut scores = Scores::new();
        for (student, submissions) in by_student {
            // Which of several counts, or which of several students it is, is for people to
            // say.
            if let ([Some(score)], Some([line])) = (
                submissions.as_slice(),
                lines.get(&student).map(Vec::as_slice),
            ) {
                scores.insert(*line, score.clone());
            }
        }
        Ok(scores)
    }

    /// The file for Canvas with the assignments of several labs, which have one roster. Nothing
    /// if none of these is for Canvas.
    pub(crate) fn fill_all(labs: &[(&Self, &Store)]) -> Result<Option<String>, ClassError> {
        let Some((first, _)) = labs.first() else {
            return Ok(None);
        };
        let roster = Roster::parse(&first.roster).map_err(ClassError::Internal)?;
        let mut assignments = Vec::new();
        for (gradebook, store) in labs {
            if let Some(assignment) = &gradebook.assignment {
                assignments.push((assignment.as_str(), gradebook.scores(store, &roster)?));
            }
        }
        if assignments.is_empty() {
            return Ok(None);
        }
        let sheet = Sheet::read(&first.roster).map_err(internal)?;
        let export = CanvasExport::recognise(&sheet).map_err(internal)?;
        let columns = assignments.iter().map(|(name, scores)| (*name, scores));
        let filled = export.fill(&columns.collect::<Vec<_>>());
        filled.map(Some).map_err(internal)
    }

    /// The column that it is about, if that is one of several.
    pub(crate) fn assignment(&self) -> Option<&str> {
        self.assignment.as_deref()
    }
}

/// What was checked before isn't so.
fn internal(error: impl std::fmt::Display) -> ClassError {
    ClassError::Internal(format!("the gradebook can't be written: {error}"))
}

/// A name as people compare it: letters and digits.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
