//! Gradescope's results.json.

use std::io::{self, Write};

use serde::Serialize;
use siglab_lab::{Graded, Status, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions};

/// The result as Gradescope reads it from results/results.json.
///
/// Every test is `visible`: a hidden one would hide the student's total. What must stay
/// secret is left out instead, by [`seen`].
#[derive(Debug)]
pub(super) struct Gradescope;

impl Format for Gradescope {
    fn name(&self) -> &'static str {
        "gradescope"
    }

    fn about(&self) -> &'static str {
        "Gradescope's results.json"
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let result = &graded.result;
        let mut output = vec![seen::verdict(result)];
        output.extend(seen::refusal(result));
        if result.status == Status::InternalError {
            output.push("Tell your instructor; only they can have it graded again.".into());
        }
        let compiler = seen::compiler(result);
        if !compiler.is_empty() {
            output.extend([String::new(), "The compiler says:".into()]);
            output.extend(compiler);
        }
        let rows = seen::rows(graded, options);
        let document = Document {
            score: result.score,
            output: output.join("\n"),
            output_format: "text",
            test_output_format: "text",
            test_name_format: "text",
            visibility: "visible",
            stdout_visibility: "hidden",
            tests: rows.iter().zip(1..).map(test).collect(),
            extra_data: Extra {
                lab: &result.lab,
                status: result.status,
                max_score: result.max_score,
            },
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

fn test((row, number): (&Row<'_>, u32)) -> Test {
    let criterion = row.criterion;
    let lines = row.told();
    Test {
        score: criterion.points,
        max_score: criterion.max_points,
        status: match criterion.verdict {
            Verdict::Pass => Some("passed"),
            _ if row.is_bad() => Some("failed"),
            // What wasn't tried, or only advises, has neither mark.
            _ => None,
        },
        name: row.name(),
        name_format: "text",
        number: number.to_string(),
        output: match (lines, criterion.verdict) {
            (Some(lines), _) => lines.join("\n"),
            (None, Verdict::Skipped) => "not tried".into(),
            (None, _) => String::new(),
        },
        output_format: "text",
        visibility: "visible",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    score: u32,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    /// What the autograder itself prints is for instructors.
    stdout_visibility: &'static str,
    tests: Vec<Test>,
    extra_data: Extra<'a>,
}

#[derive(Serialize)]
struct Test {
    score: u32,
    max_score: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    name_format: &'static str,
    number: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

#[derive(Serialize)]
struct Extra<'a> {
    lab: &'a str,
    status: Status,
    max_score: u32,
}
