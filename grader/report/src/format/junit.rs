//! JUnit XML, as cargo-nextest writes it.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use siglab_lab::{Graded, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions};

/// The result as JUnit XML: a suite for the submission, a test case for each criterion.
///
/// A submission that wasn't graded has a test case of its own with an error, so that no
/// reader takes skipped tests for success.
#[derive(Debug)]
pub(super) struct JUnit;

impl Format for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn about(&self) -> &'static str {
        "JUnit XML, for CI servers"
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let result = &graded.result;
        let class = match result.language {
            Some(language) => format!("{}.{language}", seen::line(&result.lab)),
            None => seen::line(&result.lab),
        };
        let mut suite = TestSuite::new(class.as_str());
        if let Some(reason) = seen::refusal(result) {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status
                .set_type("not-graded")
                .set_message(reason.as_str())
                .set_description(reason);
            let mut case = TestCase::new("submission", status);
            case.set_classname(class.as_str());
            suite.add_test_case(case);
        }
        for row in seen::rows(graded, options) {
            suite.add_test_case(case(&row, &class));
        }
        let compiler = seen::compiler(result);
        if !compiler.is_empty() {
            suite.set_system_err(compiler.join("\n"));
        }
        let mut report = Report::new("siglab");
        report.add_test_suite(suite);
        let xml = report.to_string().map_err(io::Error::other)?;
        writeln!(out, "{}", xml.trim_end())
    }
}

fn case(row: &Row<'_>, class: &str) -> TestCase {
    let mut status = match row.criterion.verdict {
        Verdict::Fail if row.is_bad() => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error if row.is_bad() => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Skipped => TestCaseStatus::skipped(),
        // Advice fails no build.
        Verdict::Pass | Verdict::Fail | Verdict::Error => TestCaseStatus::success(),
    };
    match &row.why {
        Some(why) if row.is_bad() => {
            status
                .set_type(why.id.as_str())
                .set_message(why.message.as_str())
                .set_description(why.lines().join("\n"));
        }
        None if row.criterion.verdict == Verdict::Skipped => {
            status.set_message("not tried");
        }
        _ => {}
    }
    let mut case = TestCase::new(row.id.as_str(), status);
    case.set_classname(class);
    case.add_property(("title", row.title.as_str()));
    let points = (row.criterion.points, row.criterion.max_points);
    case.add_property(("points", points.0.to_string().as_str()));
    case.add_property(("max_points", points.1.to_string().as_str()));
    if let (Some(why), false) = (&row.why, row.is_bad()) {
        case.set_system_out(format!("advice: {}", why.lines().join("\n")));
    }
    case
}
