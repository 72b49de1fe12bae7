//! Exercism's results.json, version 3.

use std::io::{self, Write};

use serde::Serialize;
use siglab_lab::{Graded, Status, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions};

/// The most characters of the message of a submission that couldn't be tested.
const MESSAGE: usize = 65_535;
/// The most characters of a test's output.
const OUTPUT: usize = 500;

/// The result as Exercism's test runners write it.
#[derive(Debug)]
pub(super) struct Exercism;

impl Format for Exercism {
    fn name(&self) -> &'static str {
        "exercism"
    }

    fn about(&self) -> &'static str {
        "Exercism's results.json, version 3"
    }

    fn verdict_in_exit_status(&self) -> bool {
        false
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let result = &graded.result;
        let rows = seen::rows(graded, options);
        // A test that couldn't be decided leaves the whole undecided.
        let undecided = rows
            .iter()
            .find(|row| row.is_bad() && row.criterion.verdict == Verdict::Error);
        let status = match result.status {
            Status::Graded if undecided.is_some() => "error",
            Status::Graded if result.full_marks() => "pass",
            Status::Graded => "fail",
            Status::CompileError | Status::Refused | Status::InternalError => "error",
        };
        let message = (status == "error").then(|| {
            let mut lines: Vec<_> = seen::refusal(result).into_iter().collect();
            if let (true, Some(row)) = (lines.is_empty(), undecided) {
                lines.push(format!("{}: it could not be decided", row.id));
            }
            lines.extend(seen::compiler(result));
            shorten(&lines.join("\n"), MESSAGE)
        });
        let document = Document {
            version: 3,
            status,
            message,
            tests: rows.iter().map(test).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

fn test(row: &Row<'_>) -> Test {
    let status = match row.criterion.verdict {
        Verdict::Pass => "pass",
        // Advice fails nothing.
        Verdict::Fail | Verdict::Error if !row.is_bad() => "pass",
        Verdict::Fail => "fail",
        Verdict::Error | Verdict::Skipped => "error",
    };
    let (mut message, mut output) = (None, None);
    match &row.why {
        Some(why) if status == "pass" => {
            let note = format!("advice: {}", why.message);
            output = Some(shorten(&note, OUTPUT));
        }
        Some(why) => message = Some(why.lines().join("\n")),
        None if status == "error" => message = Some("not tried".into()),
        None => {}
    }
    Test {
        name: row.title.clone(),
        status,
        message,
        output,
        test_code: format!("criterion {}", row.id),
    }
}

/// At most `limit` characters, with a remark at the end if some were cut off.
fn shorten(text: &str, limit: usize) -> String {
    const REMARK: &str = "... (cut)";
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept = text.chars().take(limit - REMARK.len());
    kept.chain(REMARK.chars()).collect()
}

#[derive(Serialize)]
struct Document {
    version: u32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    test_code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_to_their_limit() {
        assert_eq!(shorten("żółć", 4), "żółć");
        let long = shorten(&"ż".repeat(501), OUTPUT);
        assert_eq!(long.chars().count(), OUTPUT);
        assert!(long.ends_with("ż... (cut)"), "{long}");
    }
}
