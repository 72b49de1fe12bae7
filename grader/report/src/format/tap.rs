//! TAP, the Test Anything Protocol, version 14.

use std::io::{self, Write};

use siglab_lab::{Graded, Verdict};

use super::seen::{self, Row};
use super::{Format, ReportOptions};

/// The result as TAP: a test point for each criterion, with a YAML block that says why.
///
/// A submission that wasn't graded begins with a test point of its own that fails.
#[derive(Debug)]
pub(super) struct Tap;

impl Format for Tap {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn about(&self) -> &'static str {
        "TAP version 14, for test harnesses"
    }

    fn write(
        &self,
        graded: &Graded,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let rows = seen::rows(graded, options);
        let refusal = seen::refusal(&graded.result);
        let compiler = seen::compiler(&graded.result);
        let own = usize::from(refusal.is_some());
        writeln!(out, "TAP version 14\n1..{}", rows.len() + own)?;
        match refusal {
            Some(reason) => {
                writeln!(out, "not ok 1 - {}\n  ---", description(&reason))?;
                field(out, "severity", "fail")?;
                list(out, "compiler", &compiler)?;
                writeln!(out, "  ...")?;
            }
            None => {
                for line in &compiler {
                    writeln!(out, "# {line}")?;
                }
            }
        }
        for (row, number) in rows.iter().zip(own + 1..) {
            point(out, row, number)?;
        }
        Ok(())
    }
}

fn point(out: &mut dyn Write, row: &Row<'_>, number: usize) -> io::Result<()> {
    let name = description(&row.name());
    let (ok, directive) = match row.criterion.verdict {
        Verdict::Pass => ("ok", ""),
        Verdict::Skipped => ("ok", " # SKIP not tried"),
        // Its failure fails no harness.
        Verdict::Fail if row.criterion.informational => ("not ok", " # TODO only informs"),
        Verdict::Fail | Verdict::Error => ("not ok", ""),
    };
    writeln!(out, "{ok} {number} - {name}{directive}")?;
    let Some(why) = &row.why else {
        return Ok(());
    };
    writeln!(out, "  ---")?;
    field(out, "message", &why.message)?;
    let severity = match row.criterion.verdict {
        Verdict::Error => "error",
        _ if row.criterion.informational => "comment",
        _ => "fail",
    };
    field(out, "severity", severity)?;
    if let Some(hint) = &why.hint {
        field(out, "hint", hint)?;
    }
    if let Some(scenario) = &why.scenario {
        field(out, "scenario", scenario)?;
    }
    let points = format!("{} of {}", row.criterion.points, row.criterion.max_points);
    field(out, "points", &points)?;
    list(out, "timeline", &why.timeline)?;
    writeln!(out, "  ...")
}

/// A description, in which `#` would begin a directive.
fn description(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

fn field(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name}: {}", scalar(value))
}

fn list(out: &mut dyn Write, name: &str, lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {name}:")?;
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "    - {}", scalar(line)))
}

/// A double-quoted scalar: what JSON writes is one in YAML, too.
fn scalar(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
