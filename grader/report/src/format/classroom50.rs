//! Classroom 50's result, `classroom50/result/v1`.

use std::io::{self, Write};

use serde::Serialize;
use siglab_lab::{Graded, Verdict};

use super::seen;
use super::{Format, ReportOptions};

/// What a Classroom 50 result says besides the score: who handed in what, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Classroom50 {
    /// The classroom.
    pub classroom: String,
    /// The assignment.
    pub assignment: String,
    /// Whether one student or a group handed it in.
    pub assignment_type: AssignmentType,
    /// Who owns the submission.
    pub owner: String,
    /// The submission's tag: begins with `submit/`.
    pub submission: String,
    /// The commit that was handed in.
    pub commit: String,
    /// Where the submission's release is.
    pub release: String,
    /// Where it is reviewed.
    pub review: String,
    /// When it was handed in: UTC, as `2026-11-22T08:30:00Z`.
    pub datetime: String,
    /// When it was graded, in the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graded_at: Option<String>,
    /// Who of a group handed it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<String>,
}

/// Who hands an assignment in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssignmentType {
    /// One student.
    Individual,
    /// Several together.
    Group,
}

/// The result as Classroom 50 collects it.
#[derive(Debug)]
pub(super) struct Classroom50Result;

impl Format for Classroom50Result {
    fn name(&self) -> &'static str {
        "classroom50"
    }

    fn about(&self) -> &'static str {
        "Classroom 50's result"
    }

    fn needs_classroom50(&self) -> bool {
        true
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(about) = &options.classroom50 else {
            return Err(io::Error::other(
                "a Classroom 50 result needs to know whose it is",
            ));
        };
        let rows = seen::rows(graded, options);
        let tests = rows.iter().map(|row| Test {
            name: row.name(),
            // Advice costs nothing, and is in the feedback.
            passed: row.criterion.verdict == Verdict::Pass || (row.is_advice && row.why.is_some()),
            score: row.criterion.points,
            max_score: row.criterion.max_points,
            feedback: row.told().map(|lines| lines.join("\n")),
        });
        let mut tests: Vec<_> = tests.collect();
        // The format has no other place for why nothing was tried.
        if let Some(reason) = seen::refusal(&graded.result) {
            let mut lines = vec![reason];
            lines.extend(seen::compiler(&graded.result));
            let first = Test {
                name: "submission".into(),
                passed: false,
                score: 0,
                max_score: 0,
                feedback: Some(lines.join("\n")),
            };
            tests.insert(0, first);
        }
        let document = Document {
            schema: "classroom50/result/v1",
            about,
            score: graded.result.score,
            max_score: graded.result.max_score,
            tests,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    about: &'a Classroom50,
    score: u32,
    #[serde(rename = "max-score")]
    max_score: u32,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    #[serde(rename = "test-name")]
    name: String,
    passed: bool,
    score: u32,
    #[serde(rename = "max-score")]
    max_score: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<String>,
}
